import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dice, oneOf } from './dice.ts';
import { hasStack, questions } from './questions.ts';
import type { Trial } from './trial.ts';

/** Texts that a shell would execute if it read them; MARK is what they would make. */
const PAYLOADS = [
  '$(touch MARK)',
  '`touch MARK`',
  '; touch MARK',
  '| touch MARK',
  '&& touch MARK',
  '& touch MARK &',
  '\ntouch MARK\n',
  '"; touch MARK; "',
  "'; touch MARK; '",
  '\\"; touch MARK #',
  '$((a[$(touch MARK)]))',
  '${x:-$(touch MARK)}',
  '>(touch MARK)',
  '<(touch MARK)',
  '> MARK',
  '>> MARK',
  '{touch,MARK}',
  '--help; touch MARK',
  '() { :; }; touch MARK',
  'a\\\n; touch MARK',
  '!touch MARK',
  '*',
  '~',
  '%s%n',
  '-n -e \\x41',
  '',
  ' ',
  '\t',
  '朝 😀',
  "$'\\x41'",
  '\\',
  '"',
  "'",
  '#',
  '$IFS$(touch MARK)',
];

/** What is put around them. */
const AROUND = [
  ['', ''],
  ['a ', ' b'],
  ['"', '"'],
  ["'", "'"],
  ['$', ''],
  ['\\', '\\'],
] as const;

/** A text of a YAML file, where each dollar is one. */
const yaml = (text: string): string => JSON.stringify(text.replaceAll('$', '$$$$'));

/** A node that writes what it sees in its variable, as a text for bash or as a list. */
const node = (kind: string, more: string): string =>
  kind === 'text'
    ? `{ run: 'printf %s "$x" > "$o"', out: { o: o.txt }, ${more} }`
    : `{ run: [node, -e, "require('fs').writeFileSync(process.argv[2], process.argv[1])", --, $x, $o], out: { o: o.txt }, ${more} }`;

/** The ways by which a text reaches a command. */
const WAYS = ['with', 'param', 'matrix', 'environment', 'set', 'node set'] as const;

function pipelineOf(payload: string, way: (typeof WAYS)[number], kind: string): string {
  const own = {
    with: `with: { x: ${yaml(payload)} }`,
    param: 'with: { x: $p }',
    matrix: `with: { x: $m }, matrix: { m: [${yaml(payload)}] }`,
    environment: `env: { x: ${yaml(payload)} }`,
    set: 'with: { x: $p }',
    'node set': 'with: { x: text }',
  }[way];
  const value = way === 'set' ? 'text' : payload;
  return `name: p\nparams: { p: ${yaml(value)} }\nstages:\n  a: ${node(kind, own)}\n`;
}

/** As an option it is given in quotes, which any text may have around it. */
const optionOf = (name: string, payload: string): string[] => ['--set', `${name}=${JSON.stringify(payload)}`];

const trial: Trial = {
  about: 'whatever a param, a matrix or a variable holds, a command sees that very text, and nothing of it is executed',
  full: 500,
  sample: 6,
  async run(count) {
    const faults: string[] = [];
    const { ask, folder, write, remove } = questions({});
    try {
      for (let index = 0; index < count; index += 1) {
        const roll = dice(index);
        const mark = join(folder, `mark-${index}`);
        const way = WAYS[index % WAYS.length] ?? 'with';
        const kind = oneOf(roll, ['text', 'list']);
        const [before, after] = oneOf(roll, AROUND);
        const payload = before + (PAYLOADS[(index * 7) % PAYLOADS.length] ?? '').replaceAll('MARK', mark) + after;
        const what = `${way}, ${kind}, ${JSON.stringify(payload)}`;
        write({ 'p.yaml': pipelineOf(payload, way, kind) });
        // A dollar of an option is a reference too.
        const given = payload.replaceAll('$', '$$$$');
        const options = way === 'set' ? optionOf('p', given) : way === 'node set' ? optionOf('a.x', given) : [];
        const { code, text } = await ask(['run', 'p.yaml', '--plain', ...options]);
        const latest = join(folder, 'artifacts/latest/p');
        const [instance = ''] = existsSync(latest) ? readdirSync(latest) : [];
        const seen = code === 0 ? readFileSync(join(latest, instance, 'o.txt'), 'utf8') : undefined;
        if (existsSync(mark)) faults.push(`${what}: was executed`);
        if (hasStack(text)) faults.push(`${what}: prints a stack: ${text.slice(0, 300)}`);
        if (code !== 0) faults.push(`${what}: exit code ${code}: ${text.slice(0, 300)}`);
        else if (seen !== payload) faults.push(`${what}: the command saw ${JSON.stringify(seen)}`);
      }
    } finally {
      remove();
    }
    return { attacks: count, faults };
  },
};

export default trial;
