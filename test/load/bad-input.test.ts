import { beforeAll, describe, expect, test } from 'vitest';
import type { Place, Problem } from '../../src/model/problem.ts';
import { load, pipelineText, project } from './project.ts';

let folder: string;

beforeAll(() => {
  folder = project();
});

/** Stands in a text right before the place that the error must name. */
const MARK = '▸';

interface Case {
  /** With a mark at the place. */
  readonly text: string;
  readonly code: string;
  readonly message?: string;
  readonly hint?: string;
  /** Where no mark can stand: in another file. */
  readonly place?: Place;
}

async function problemsOf(text: string, set: readonly string[] = []): Promise<readonly Problem[]> {
  const loaded = await load(folder, text.replace(MARK, ''), set);
  return loaded.ok ? [] : loaded.problems;
}

function placeOfMark(text: string): { line: number; column: number; excerpt: string } {
  const before = text.slice(0, text.indexOf(MARK)).split('\n');
  const line = before.length;
  return { line, column: (before.at(-1)?.length ?? 0) + 1, excerpt: (text.split('\n')[line - 1] ?? '').replace(MARK, '') };
}

const words = (node: string): string => pipelineText({ words: node });
const more = (node: string): string => pipelineText({ more: node });
const stage = (inside: string): string => words(`words: { uses: count, in: { text: $sources.poem, many: $sources.poem }, ${inside} }`);
const inputs = (inside: string): string => words(`words: { uses: count, in: { ${inside} }, with: { least: 2 } }`);
const command = (inside: string): string => more(`card:\n    ${inside.replaceAll('\n', '\n    ')}`);

const cases: Readonly<Record<string, Case>> = {
  'an unknown key of the file': {
    text: pipelineText({ top: '▸parms: {}' }),
    code: 'unknown-key',
    message: 'parms',
    hint: '"params"',
  },
  'an unknown key of a node': { text: stage('▸wiht: {}, with: { least: 2 }'), code: 'unknown-key', message: 'wiht', hint: '"with"' },
  'an unknown key of an input': {
    text: inputs('text: { from: $sources.poem, ▸wehre: {} }, many: $sources.poem'),
    code: 'unknown-key',
    message: 'wehre',
    hint: '"where"',
  },
  'a key that belongs to commands alone': {
    text: stage('with: { least: 2 }, ▸out: { x: y }'),
    code: 'unknown-key',
    message: '"out"',
    hint: 'remove',
  },
  // Every object has a member of that name; no file does.
  'a node named like what every object has': {
    text: inputs('text: ▸constructor.counts, many: $sources.poem'),
    code: 'unknown-node',
    message: '"constructor"',
  },
  'an output named like what every object has': {
    text: more('card: { run: cat, in: { poem: ▸words.constructor }, out: { o: o.txt } }'),
    code: 'unknown-port',
    message: '"constructor"',
  },
  'an input named like what every object has': {
    text: inputs('text: $sources.poem, many: $sources.poem, ▸constructor: $sources.poem'),
    code: 'unknown-port',
    message: '"constructor"',
  },
  'a param named like what every object has': {
    text: stage('with: { least: 2, ▸constructor: 1 }'),
    code: 'unknown-param',
    message: '"constructor"',
  },
  'an unknown stage': { text: words('words: { uses: ▸cuont }'), code: 'unknown-stage', message: 'cuont', hint: '"count"' },
  'a stage that imports more than stillroom': {
    text: words('words: { uses: imports }'),
    code: 'bad-stage',
    message: 'node:fs',
    hint: 'run.ts',
    place: { file: 'stages/imports/stage.ts', line: 1, column: 31, excerpt: "import { readFileSync } from 'node:fs';" },
  },
  'a stage that does not compile': {
    text: words('words: { uses: broken }'),
    code: 'bad-stage',
    message: 'stages/broken/stage.ts',
    place: { file: 'stages/broken/stage.ts', line: 2, column: 1, excerpt: '' },
  },
  'a stage without a declaration': { text: words('words: { uses: ▸nothing }'), code: 'bad-stage', message: 'defineStage' },
  'an unknown input port': {
    text: inputs('text: $sources.poem, many: $sources.poem, ▸mayb: $sources.folder'),
    code: 'unknown-port',
    message: 'mayb',
    hint: '"maybe"',
  },
  'an unknown output port': {
    text: command('run: cat "$text" > "$card"\nin: { text: ▸words.count }\nout: { card: card.md }'),
    code: 'unknown-port',
    message: '"count"',
    hint: '"words.counts"',
  },
  'an unknown node in an input': {
    text: command('run: cat "$text" > "$card"\nin: { text: ▸word.counts }\nout: { card: card.md }'),
    code: 'unknown-node',
    message: '"word"',
    hint: '"words.counts"',
  },
  'an input that is not of the form node.port': { text: inputs('text: ▸nonsense, many: $sources.poem'), code: 'unknown-node' },
  'an unknown source': {
    text: inputs('text: ▸$sources.peom, many: $sources.poem'),
    code: 'unknown-source',
    message: 'peom',
    hint: '"$sources.poem"',
  },
  'a param as an input': { text: inputs('text: ▸$size, many: $sources.poem'), code: 'unknown-reference', hint: '"with"' },
  'an unknown param': { text: stage('with: { least: 2, ▸leest: 3 }'), code: 'unknown-param', message: 'leest', hint: '"least"' },
  'a param that is not given': { text: stage('▸with: { rate: 0.1 }'), code: 'missing-key', message: 'least', hint: 'add least to "with"' },
  'a param of the wrong type': {
    text: stage('with: { least: ▸many }'),
    code: 'wrong-type',
    message: 'must be a whole number, not the text "many"',
  },
  'a fraction for a whole number': { text: stage('with: { least: ▸2.5 }'), code: 'wrong-type', message: 'whole number' },
  'a param below its range': { text: stage('with: { least: ▸0 }'), code: 'wrong-type', message: 'at least 1, not the number 0' },
  'a param above its range': { text: stage('with: { least: ▸10 }'), code: 'wrong-type', message: 'at most 9' },
  'a param at an excluded bound': { text: stage('with: { least: 2, rate: ▸0 }'), code: 'wrong-type', message: 'more than 0' },
  'a choice that is none': { text: stage('with: { least: 2, mode: ▸fsat }'), code: 'wrong-type', message: 'one of fast, slow' },
  'a module that is none': { text: stage('with: { least: 2, model: ▸smal }'), code: 'wrong-type', message: 'one of small' },
  'a param from the pipeline of the wrong type': {
    text: stage('with: { least: $title }').replace('title: Poem', 'title: ▸Poem'),
    code: 'wrong-type',
    message: '"Poem"',
  },
  'an unknown reference': { text: stage('with: { least: ▸$seize }'), code: 'unknown-reference', message: '"seize"', hint: '"size"' },
  'an unknown reference inside a text': {
    text: command('run: echo "$title" > "$card"\nwith: { title: "a ▸${titel} b" }\nout: { card: card.md }'),
    code: 'unknown-reference',
    message: '"titel"',
    hint: '"title"',
  },
  'a reference among the params': {
    text: pipelineText({}).replace('title: Poem', 'title: ▸$size'),
    code: 'unknown-reference',
    message: '"size"',
    hint: '$$ for a dollar',
  },
  'a dollar that refers to nothing': { text: stage('with: { least: "▸$ 5" }'), code: 'stray-dollar', hint: '$$ for a dollar' },
  '${ in flow style without quotes': { text: stage('with: { least: ▸${size} }'), code: 'yaml-syntax', hint: 'needs quotes: "${size}"' },
  '${ in flow style inside a text': { text: stage('with: { least: a▸${size}b }'), code: 'yaml-syntax', hint: 'needs quotes' },
  'a missing input': {
    text: words('words: { uses: count, ▸in: { text: $sources.poem }, with: { least: 2 } }'),
    code: 'missing-input',
    message: '"many"',
    hint: 'add many: $sources.poem',
  },
  'no inputs at all': { text: words('▸words: { uses: count, with: { least: 2 } }'), code: 'missing-input', message: '"text"' },
  'a folder where a file is due': {
    text: inputs('text: ▸$sources.folder, many: $sources.poem'),
    code: 'wrong-kind',
    message: 'is a folder, but the input takes a file',
    hint: 'file',
  },
  'an output of the wrong kind': {
    text: more('next: { uses: count, in: { text: ▸words.folder, many: words.counts }, with: { least: 2 } }'),
    code: 'wrong-kind',
    message: '"words.folder" is a folder',
  },
  'a source that does not exist': {
    text: pipelineText({}).replace('poem: poem.txt', 'poem: ▸peom.txt'),
    code: 'missing-source',
    message: '"poem"',
    hint: '--set sources.poem=PATH',
  },
  'a source on the spot that does not exist': { text: inputs('text: ▸./peom.txt, many: $sources.poem'), code: 'missing-source' },
  'a cycle': {
    text: `name: demo\nstages:\n  a: { run: 'cat "$x" > "$y"', in: { x: ▸c.y }, out: { y: y } }\n  b: { run: 'cat "$x" > "$y"', in: { x: a.y }, out: { y: y } }\n  c: { run: 'cat "$x" > "$y"', in: { x: b.y }, out: { y: y } }\n`,
    code: 'cycle',
    message: 'a → c → b → a',
    hint: 'break',
  },
  'two nodes of one name': { text: more('▸words: { uses: count }'), code: 'yaml-duplicate-key', message: 'twice' },
  'a param and a node of one name': { text: more('▸size: { uses: count }'), code: 'same-name', message: '"size" is a param and a node' },
  'a param and a matrix variable of one name': {
    text: stage('matrix: { ▸size: [1, 2] }, with: { least: 2 }'),
    code: 'same-name',
    message: 'a param and a matrix variable',
    hint: 'rename',
  },
  'a node and a matrix variable of one name': {
    text: stage('matrix: { ▸words: [1, 2] }, with: { least: 2 }'),
    code: 'same-name',
    message: 'a node and a matrix variable',
  },
  'a matrix point that stands twice': {
    text: stage('matrix: { fold: [0, 1, ▸0] }, with: { least: 2 }'),
    code: 'duplicate-point',
    message: '0 stands twice',
    hint: 'remove',
  },
  'an empty matrix variable': { text: stage('matrix: { fold: ▸[] }, with: { least: 2 }'), code: 'wrong-type', message: 'is empty' },
  'one artifact where there are many': {
    text: pipelineText({
      words: 'words: { uses: count, matrix: { fold: [0, 1] }, in: { text: $sources.poem, many: $sources.poem }, with: { least: 2 } }',
      more: `card: { run: 'cat "$text" > "$card"', in: { text: ▸words.counts }, out: { card: card.md } }`,
    }),
    code: 'ambiguous-instance',
    message: 'one for each fold',
    hint: 'where: { fold:',
  },
  'a `where` that no instance meets': {
    text: pipelineText({
      words: 'words: { uses: count, matrix: { fold: [0, 1] }, in: { text: $sources.poem, many: $sources.poem }, with: { least: 2 } }',
      more: `card: { run: 'cat "$text" > "$card"', in: { text: ▸{ from: words.counts, where: { fold: 7 } } }, out: { card: card.md } }`,
    }),
    code: 'ambiguous-instance',
    message: 'no instance of "words" has { fold: 7 }',
  },
  'a `when` over nothing that is known': {
    text: stage('when: { ▸siez: 32 }, with: { least: 2 }'),
    code: 'unknown-reference',
    message: '"siez"',
    hint: '"size"',
  },
  'an unset variable in a command': {
    text: command('run: echo "▸$titel" > "$card"\nwith: { title: Hi }\nout: { card: card.md }'),
    code: 'unset-variable',
    message: '"$titel"',
    hint: '"$title"',
  },
  'an unset variable in the list form': {
    text: command('run: [cp, ▸$from, $card]\nout: { card: card.md }'),
    code: 'unset-variable',
    message: '"$from"',
  },
  'a command without outputs': { text: more('▸card: { run: echo }'), code: 'missing-key', message: '"out"', hint: 'add out: {' },
  'a command whose name is no variable': {
    text: command('run: echo > "$card"\nwith: { ▸mix-ratio: 2 }\nout: { card: card.md }'),
    code: 'bad-name',
    message: 'mix-ratio',
    hint: 'lower-case letter',
  },
  'a name used twice in a command': {
    text: more(`card: { run: 'echo > "$card"', with: { ▸card: 1 }, out: { card: card.md } }`),
    code: 'same-name',
    message: '"card"',
    hint: 'rename',
  },
  'an output outside the working folder': {
    text: command('run: echo > "$card"\nout: { card: ▸../card.md }'),
    code: 'bad-path',
    message: '../card.md',
    hint: 'a folder of its own',
  },
  'an input placed outside the working folder': {
    text: command('run: cat "$text" > "$card"\nin: { text: { from: $sources.poem, at: ▸../../text } }\nout: { card: card.md }'),
    code: 'bad-path',
    message: '../../text',
    hint: 'a folder of its own',
  },
  'metrics outside the working folder': {
    text: command('run: echo > "$card"\nmetrics: ▸/elsewhere/metrics.json\nout: { card: card.md }'),
    code: 'bad-path',
    message: 'leaves the working folder',
  },
  'an input in an output': {
    text: command('run: cat "$text" > "$card"\nin: { text: { from: $sources.poem, at: made/text.txt } }\nout: { card: ▸./made/ }'),
    code: 'bad-path',
    message: 'lies in the other',
    hint: 'another path',
  },
  'two outputs at one path': {
    text: command('run: echo > "$card"\nout: { card: card.md, more: ▸card.md }'),
    code: 'bad-path',
    message: 'stands too',
  },
  'the working folder as an output': {
    text: command('run: echo > "$card/x"\nout: { card: ▸./ }'),
    code: 'bad-path',
    message: 'working folder itself',
  },
  '`at` for a stage, which is given paths': {
    text: inputs('text: { from: $sources.poem, ▸at: poem.txt }, many: $sources.poem'),
    code: 'unknown-key',
    message: '"at"',
    hint: 'remove',
  },
  'neither uses nor run': { text: words('▸words: { with: {} }'), code: 'bad-node', message: 'neither "uses" nor "run"' },
  'both uses and run': { text: words('▸words: { uses: count, run: echo }'), code: 'bad-node', message: 'both' },
  'a name with a capital': { text: more('▸Card: { uses: count }'), code: 'bad-name', message: 'Card', hint: 'lower-case' },
  'a timeout that is none': { text: stage('timeout: ▸soon, with: { least: 2 }'), code: 'wrong-type', message: 'such as 30s' },
  'a memory size that is none': {
    text: stage('resources: { memory: ▸2GB }, with: { least: 2 }'),
    code: 'wrong-type',
    message: 'such as 512MiB',
  },
  'a file without stages': { text: '▸name: demo\n', code: 'missing-key', message: '"stages"' },
  'an empty file': { text: '▸', code: 'wrong-type', message: 'the file is empty' },
  'a list for a file': { text: '▸- one\n', code: 'wrong-type', message: 'a mapping, not a list' },
  'a stray bracket': { text: 'name: demo\nstages: { a: ▸{ ] }\n', code: 'yaml-syntax', message: 'not valid YAML' },
  'a tab for indentation': { text: 'name: demo\nstages:\n▸\ta: 1\n', code: 'yaml-syntax' },
  'a second document': { text: `${pipelineText({})}▸---\nname: other\n`, code: 'yaml-syntax', message: 'document' },
  'an output at the place of an input': {
    text: command('run: "true"\nin: { poem: $sources.poem }\nout: { card: ▸poem.txt }'),
    code: 'bad-path',
    message: 'stands too',
  },
  'an output in the place of an input': {
    text: command('run: "true"\nin: { folder: $sources.folder }\nout: { card: ▸folder/card.md }'),
    code: 'bad-path',
    message: 'lies in the other',
  },
  'an output at the place of an input from another node': {
    text: command('run: "true"\nin: { counts: words.counts }\nout: { card: ▸counts.txt }'),
    code: 'bad-path',
    message: 'stands too',
  },
  'metrics at the place of an input': {
    text: command('run: "true"\nin: { poem: $sources.poem }\nout: { card: card.md }\nmetrics: ▸poem.txt'),
    code: 'bad-path',
    message: 'stands too',
  },
  'an integer beyond 2^53': {
    text: stage('with: { least: ▸9007199254740993 }'),
    code: 'yaml-integer',
    message: '9007199254740993',
    hint: 'quote',
  },
  '1e400': { text: stage('with: { least: ▸1e400 }'), code: 'yaml-number', message: 'finite', hint: 'quote' },
  '.nan': { text: stage('with: { least: ▸.nan }'), code: 'yaml-number', message: 'finite' },
  'a tag': { text: stage('with: { least: ▸!!int "2" }'), code: 'yaml-tag', message: 'tag', hint: 'remove the tag' },
  'an unknown tag': { text: stage('with: { least: ▸!secret 2 }'), code: 'yaml-tag', message: '!secret' },
  'a merge key': {
    text: `base: &base { least: 2 }\n${stage('with: { ▸<<: *base }')}`,
    code: 'yaml-merge',
    message: 'merge',
    hint: 'write the values out',
  },
  'an alias without an anchor': { text: stage('with: { least: ▸*nothing }'), code: 'yaml-alias', message: 'nothing' },
  'an alias that contains itself': { text: `name: demo\nparams: &all { self: ▸*all }\nstages: {}\n`, code: 'yaml-alias' },
  'a key that is a mapping': { text: 'name: demo\nstages: { ▸{ a: b }: c }\n', code: 'yaml-key' },
  'an unknown node in `show`': {
    text: pipelineText({ top: 'show: [▸wrds.lines]' }),
    code: 'unknown-reference',
    message: 'wrds.lines',
    hint: '"words.lines"',
  },
  'an unknown metric in `show`': {
    text: pipelineText({ top: 'show: [▸words.line]' }),
    code: 'unknown-reference',
    message: 'words.line',
    hint: '"words.lines"',
  },
};

describe('a pipeline file is refused with code, place and remedy:', () => {
  test.each(Object.entries(cases))('%s', async (_, { text, code, message = '', hint, place }) => {
    const problems = await problemsOf(text);
    const found = problems.find((problem) => problem.code === code);
    expect(problems.map((problem) => `${problem.code}: ${problem.message}`).join('\n')).toContain(code);
    expect(found?.message).toContain(message);
    expect(found?.kind).toBe('pipeline');
    expect(found?.place).toEqual(place ?? { file: 'pipeline.yaml', ...placeOfMark(text) });
    expect(found?.hint ?? '').toContain(hint ?? '');
    expect(found?.hint ?? '').not.toBe('');
  });

  test('the first problem is the cause, and a node in a matrix does not repeat it', async () => {
    const problems = await problemsOf(stage('matrix: { fold: [0, 1, 2] }, with: { least: 2, leest: 3 }'));
    expect(problems.map(({ code }) => code)).toEqual(['unknown-param']);
  });

  test('several problems are told at once', async () => {
    const problems = await problemsOf(stage('with: { least: 0, rate: 2, mode: x }'));
    expect(problems.map(({ code }) => code)).toEqual(['wrong-type', 'wrong-type', 'wrong-type']);
  });
});

describe('a document that would hurt the parser is refused before it is parsed:', () => {
  const nested = (open: string, close: string): string => `name: demo\nparams: { deep: ${open.repeat(1000)}1${close.repeat(1000)} }\n`;
  const blockMaps = `name: demo\n${Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}k:\n`).join('')}`;
  const bomb = `name: demo\nparams:\n  a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, n) => `  a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`).join('')}stages: {}\n`;

  test.each([
    ['1,000 lists', nested('[', ']'), 'deeper than 64'],
    ['1,000 mappings', nested('{ a: ', ' }'), 'deeper than 64'],
    ['1,000 lists that never end', nested('[', ''), 'deeper than 64'],
    ['1,000 levels of block mappings', blockMaps, 'deeper than 64'],
    ['1,000 dashes', `name: demo\nparams:\n  ${'- '.repeat(1000)}1\n`, 'deeper than 64'],
    ['1,000 question marks', `${'? '.repeat(1000)}1\n`, 'deeper than 64'],
    ['an alias bomb', bomb, 'aliases blow this document up'],
    ['more than 1 MiB', `name: demo\n# ${'x'.repeat(1024 * 1024)}\n`, 'larger than 1 MiB'],
  ])('%s', async (_, text, message) => {
    for (let again = 0; again < 10; again += 1) {
      const [problem, ...others] = await problemsOf(text);
      expect(others).toEqual([]);
      expect(problem?.code).toBe('yaml-too-large');
      expect(problem?.message).toContain(message);
      expect(problem?.place?.line).toBeGreaterThan(0);
      expect(problem?.hint).toBeDefined();
    }
  });

  test('a file just within the bounds is read', async () => {
    expect(await problemsOf(pipelineText({ top: `about: ${'x'.repeat(100_000)}` }))).toEqual([]);
    const text = pipelineText({}).replace('title: Poem', `title: Poem, deep: ${'['.repeat(50)}1${']'.repeat(50)}`);
    expect(await problemsOf(text)).toEqual([]);
  });
});

describe('a --set is refused as a usage error:', () => {
  test.each([
    ['seize=3', 'bad-set', 'no param is named "seize"', '"size"'],
    ['words', 'bad-set', 'name=value', 'for example'],
    ['=3', 'bad-set', 'name=value', 'for example'],
    ['wrds.least=3', 'bad-set', 'no node is named "wrds"', '"words"'],
    ['sources.peom=folder', 'bad-set', 'no source is named "peom"', '"poem"'],
    ['words.leest=3', 'unknown-param', 'unknown param "leest"', '"least"'],
    ['words.least=many', 'wrong-type', 'must be a whole number, not the text "many"', 'for example'],
    ['words.least=0', 'wrong-type', 'at least 1', ''],
    ['words.least=9007199254740993', 'bad-set', '2^53', ''],
    ['words.least=1e400', 'bad-set', 'finite', ''],
    ['words[fold=9].least=3', 'bad-set', 'no instance of "words" has that point', 'words[fold=0]'],
    ['words[fodl=0].least=3', 'bad-set', 'words', 'fold'],
    ['words[fold=0].leest=3', 'unknown-param', 'leest', '"least"'],
    ['words[fold=0].least=0', 'wrong-type', 'at least 1', ''],
    ['words[fold=0]=3', 'bad-set', 'name', ''],
    ['sources.poem=nowhere.txt', 'missing-source', '"poem"', 'nowhere.txt'],
    ['words[fold=0].rate=9007199254740993', 'bad-set', '2^53', ''],
    ['words.rate=[1, .inf]', 'bad-set', 'finite', ''],
    [`words.rate=${'['.repeat(1000)}`, 'bad-set', 'deeper', ''],
  ])('%s', async (option, code, message, hint) => {
    const text = stage('matrix: { fold: [0, 1] }, with: { least: 2 }');
    const [problem] = await problemsOf(text, [option]);
    expect(problem?.code).toBe(code);
    expect(problem?.kind).toBe('usage');
    expect(problem?.message).toContain(message);
    expect(problem?.message).toContain(option);
    expect(problem?.hint ?? '').toContain(hint);
    expect(problem?.hint ?? '').not.toBe('');
  });
});
