import { type Family, HEAD, many, NODE, numbers } from './yaml-texts.ts';
import { oneOf } from './dice.ts';

const node = (inside: string, top = ''): string => `${HEAD}${top}stages:\n  zz: { run: "echo hi > $o", out: { o: o }, ${inside} }\n`;
const nodes = (count: number, inside: (index: number) => string): string =>
  `${HEAD}stages:\n${many(count, (i) => `  n${i}: { run: "echo hi > $o", out: { o: o }${inside(i)} }\n`)}`;
const command = (run: string): string => `${HEAD}stages:\n  zz:\n    run: '${run} > $o'\n    out: { o: o }\n`;
const twice = (open: string, close: string, size: number): string => open.repeat(size) + close.repeat(size);
const root = (size: number): string => numbers(Math.ceil(Math.sqrt(size) * 3));
const sweep = (section: string): string =>
  `${HEAD}params: { size: 1, rate: 0.1 }\nsweep:\n${section}${nodes(1, () => ', with: { size: $size, rate: $rate }').slice(HEAD.length)}`;

const ODD = ['1', 'x', '[]', 'null', 'true', '{ a: { b: 1 } }', '""'];

/** Files that are honest YAML, and hostile as pipelines. */
export const hostilePipelines: Readonly<Record<string, Family>> = {
  'keys of a node': (size) => node(many(size, (i) => `k${i}: 1, `)),
  'nodes of a command': (size) => nodes(size, () => ''),
  'nodes in a chain': (size) => nodes(size, (i) => (i === 0 ? '' : `, in: { p: n${i - 1}.o }`)),
  'nodes in a cycle': (size) => nodes(size, (i) => `, in: { p: n${(i + 1) % size}.o }`),
  'nodes that name unknown ones': (size) => nodes(size, (i) => `, in: { p: m${i}${'q'.repeat(30)}.o }`),
  'inputs of one node': (size) => node(`in: { ${many(size, (i) => `p${i}: "./none${i}", `)} }`),
  'outputs of one node': (size) => `${HEAD}stages: { zz: { run: "true", out: { ${many(size, (i) => `o${i}: o${i}, `)} } } }\n`,
  'outputs in each other': (size) =>
    `${HEAD}stages: { zz: { run: "true", out: { ${many(size, (i) => `o${i}: "${'a/'.repeat(i % 200)}b", `)} } } }\n`,
  'many sources': (size) => `${HEAD}sources: { ${many(size, (i) => `s${i}: none${i}, `)} }\n${NODE}`,
  'variables of the environment': (size) => node(`env: { ${many(size, (i) => `V${i}: "1", `)} }`),
  'names of the environment given twice': (size) => node(`env: [${many(size, (i) => `V${i % 3}, `)}]`),
  'many tools': (size) => node(`tools: [${many(size, (i) => `tool${i}, `)}]`),
  'things to show': (size) => `${HEAD}show: [${many(size, (i) => `zz.p${i}, `)}]\n${NODE}`,
  'params of a command': (size) => node(`with: { ${many(size, (i) => `p${i}: 1, `)} }`),
  'a matrix of many points': (size) => node(`matrix: { ${many(6, (i) => `m${i}: ${numbers(2 + Math.floor(size ** (1 / 3)))}, `)} }`),
  'a matrix of one long variable': (size) => node(`matrix: { m: ${numbers(size)} }`),
  'a matrix of one value': (size) => node(`matrix: { m: [${'1,'.repeat(size)}] }`),
  'a matrix of many variables': (size) => node(`matrix: { ${many(size, (i) => `m${i}: [0], `)} }`),
  'many matrices': (size) => nodes(Math.ceil(size / 100), () => `, matrix: { m: ${numbers(100)}, l: ${numbers(100)} }`),
  'matrices that read each other': (size) => nodes(3, (i) => `, matrix: { m: ${root(size)} }${i === 0 ? '' : `, in: { p: n${i - 1}.o }`}`),
  'a matrix that gathers a matrix': (size) =>
    nodes(2, (i) => (i === 0 ? `, matrix: { m: ${root(size)} }` : `, matrix: { l: ${root(size)} }, in: { p: { from: n0.o, all: true } }`)),
  'a matrix beside many params': (size) =>
    node(
      `matrix: { m: ${numbers(Math.ceil(size / 30))} }, with: { ${many(200, (i) => `p${i}: $k, `)} }`,
      `params: { k: ${numbers(200)} }\n`,
    ),
  'a matrix of large values': (size) => node(`matrix: { m: [${many(Math.ceil(size / 100), (i) => `[${i}, "${'x'.repeat(1000)}"],`)}] }`),
  'conditions of many values': (size) => node(`matrix: { m: ${root(size)} }, when: { m: [${many(size, (i) => `x${i},`)}] }`),
  'conditions of many variables': (size) => node(`when: { ${many(size, (i) => `v${i}: 1, `)} }`),
  'a choice of many instances': (size) =>
    `${nodes(1, () => `, matrix: { m: ${numbers(100)} }`)}  b: { run: "true", out: { o: o }, in: { ${many(size, (i) => `p${i}: { from: n0.o, where: { m: ${i % 100} } }, `)} } }\n`,
  'references to nothing': (size) => node(`with: { a: "${'${'.repeat(size)}" }`),
  'references to unknown names': (size) => node(`with: { a: "${many(size, (i) => `\${n${i}}`)}" }`),
  'references that multiply': (size) =>
    node(`matrix: { m: ["${'${big}'.repeat(100)}"] }, with: { a: "${'${m}'.repeat(100)}" }`, `params: { big: "${'x'.repeat(size)}" }\n`),
  'references to a large value': (size) => node(`with: { a: [${'$big,'.repeat(size)}] }`, `params: { big: ${numbers(size)} }\n`),
  dollars: (size) => node(`with: { a: "${'$$'.repeat(size * 10)}" }`),
  'a value of another kind': (_, roll) => {
    const odd = oneOf(roll, ODD);
    const parts = ['in', 'with', 'matrix', 'env', 'when', 'tools', 'resources', 'timeout', 'retries', 'executor', 'metrics'];
    const file = [`${HEAD}params: ${odd}\n${NODE}`, `${HEAD}stages: ${odd}\n`, `${HEAD}stages: { zz: ${odd} }\n`, `name: ${odd}\n${NODE}`];
    return oneOf(roll, [...file, `${HEAD}sources: { s: ${odd} }\n${NODE}`, ...parts.map((part) => node(`${part}: ${odd}`))]);
  },
  'a long command': (size) => `${HEAD}stages:\n  zz:\n    run: |\n${many(size, (i) => `      echo "$v${i}" > $o\n`)}    out: { o: o }\n`,
  'a command of words': (size) => command(`echo $x ${'a '.repeat(size)}`),
  'substitutions in each other': (size) => command(`echo $x ${twice('$(', ')', size)}`),
  'parentheses in each other': (size) => command(`echo $x; ${twice('( ', ')', size)}`),
  'expansions in each other': (size) => command(`echo $x ${twice('${a:-', '}', size)}`),
  'arithmetic in itself': (size) => command(`echo $x $((${twice('(', ')', size)}))`),
  'quotes that open': (size) => command(`echo $x ${'"$('.repeat(size)}`),
  'backticks in a command': (size) => command(`echo $x ${'`'.repeat(size)}`),
  'braces in a command': (size) => command(`$x; ${twice('{ ', '; }', size)}`),
  'documents within a command': (size) =>
    `${HEAD}stages:\n  zz:\n    run: |\n${many(size, (i) => `      cat <<E${i} $x\n`)}    out: { o: o }\n`,
  'backslashes in a command': (size) => command(`echo $x ${'\\'.repeat(size * 4)}`),
  'a pipe of commands': (size) => command(`echo $x ${'| cat '.repeat(size)}`),
  'conditions in a command': (size) => command(`${'if $x; then '.repeat(size)}true; ${'fi; '.repeat(size)}`),
  'arguments of a program': (size) => node('').replace('"echo hi > $o"', `[echo, ${many(size, (i) => `"$a${i % 50}", `)}]`),
};

/** Files that are hostile as sweeps. */
export const hostileSweeps: Readonly<Record<string, Family>> = {
  'an honest sweep': () => sweep('  over: { size: [1] }\n'),
  'a grid of many points': (size) => sweep(`  over: { size: ${numbers(size)}, rate: ${numbers(size)} }\n`),
  'a grid of many steps': (size) => sweep(`  over: { rate: "0..1/${size}" }\n`),
  'a range without end': () => sweep('  over: { size: "0..9007199254740991" }\n'),
  'values of a text': (size) => sweep(`  over: { size: "${'[1,2],'.repeat(size)}1" }\n`),
  'brackets of a text': (size) => sweep(`  over: { size: "${'['.repeat(size)}" }\n`),
  'many variants': (size) => sweep(`  variants: [${many(size, (i) => `{ size: ${i} },`)}]\n`),
  'unknown params': (size) => sweep(`  over: { ${many(size, (i) => `q${i}: [1],`)} }\n`),
  'conditions in a chain': (size) => sweep(`  over: { ${many(size, (i) => `q${i}: { values: [1], when: { q${i + 1}: 1 } }, `)} }\n`),
  'repeats of many values': (size) => sweep(`  over: { size: [1] }\n  repeats: { none: ${numbers(size)} }\n`),
  'rungs without end': () => sweep('  over: { size: [1, 2] }\n  strategy: { name: asha, budget: n0.size, factor: 1, from: 0, to: 9 }\n'),
  'many objectives': (size) => sweep(`  over: { size: [1] }\n  objective: { maximize: [${many(size, (i) => `n0.m${i},`)}] }\n`),
  'names of instances': (size) => sweep(`  over: { "n0[${'m={'.repeat(size)}].size": [1] }\n`),
};
