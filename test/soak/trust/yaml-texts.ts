import { type Dice, oneOf } from './dice.ts';

/** Makes one hostile file of about so many parts. */
export type Family = (size: number, roll: Dice) => string | Buffer;

/** So many texts in a row. */
export function many(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join('');
}

/** What an honest file says beside its params. */
export const HEAD = 'name: x\n';
/** An honest node. */
export const NODE = 'stages: { zz: { run: "echo hi > $o", out: { o: o } } }\n';

/** A pipeline with these lines of params. */
function params(lines: string): string {
  return `${HEAD}params:\n${lines}${NODE}`;
}

/** A list of so many numbers. */
export function numbers(count: number): string {
  return `[${Array.from({ length: count }, (_, index) => index).join(',')}]`;
}

const NUMBERS = (
  '12345678901234567890 1e400 -1e999 0x1F 1_000 007 0o17 .nan -.inf 0.1234567890123456789 3.10 12e45 -0 1e-400 ' +
  '123456789.12345678901 +1 1. .5 0b11 1:30'
).split(' ');

const NOTHING = ['', ' ', '\n', '#\n', '---\n', '...\n', 'null\n', '~', '""', '[]', '{}', '1', '!!map {}', '\uFEFF', '\0'];

/** Files that are hostile as YAML, whatever reads them. */
export const yamlTexts: Readonly<Record<string, Family>> = {
  'aliases of a value': (size) => params(`  z: &x 1\n${many(size, (i) => `  a${i}: *x\n`)}`),
  'a chain of aliases': (size) => params(`  a: &a0 1\n${many(size, (i) => `  b${i}: &a${i + 1} [*a${i}]\n`)}`),
  'aliases that multiply': (size) =>
    params(many(Math.min(size, 30), (i) => `  a${i}: &a${i} [${many(9, () => (i === 0 ? '1,' : `*a${i - 1},`))}1]\n`)),
  'aliases of a large value': (size) => params(`  z: &x ${numbers(100)}\n${many(size, (i) => `  a${i}: *x\n`)}`),
  'anchors that nothing uses': (size) => params(many(size, (i) => `  a${i}: &a${i} 1\n`)),
  'an anchor within itself': () => params('  a: &x [1, {b: *x}]\n'),
  'keys of params': (size) => params(many(size, (i) => `  k${i}: 1\n`)),
  'keys of the file': (size) => HEAD + many(size, (i) => `k${i}: 1\n`) + NODE,
  'keys that are no names': (size) => params(many(size, (i) => `  "K ${i}": 1\n`)),
  'keys given twice': (size) => params(many(size, (i) => `  k${i % 7}: 1\n`)),
  'keys that are lists': (size) => params(many(size, (i) => `  ? [${i}]\n  : 1\n`)),
  'keys alone': (size) => params(`  a: { ${many(size, (i) => `k${i}, `)} }\n`),
  'a long key': (size) => params(`  ${'k'.repeat(size * 4)}: 1\n`),
  'keys of every object': () => params('  constructor: 1\n  __proto__: 2\n  toString: 3\n  value: "${constructor}"\n'),
  merges: (size) => params(`  z: &x { a: 1 }\n${many(size, (i) => `  b${i}: { <<: *x }\n`)}`),
  'a long text': (size) => params(`  a: "${'x'.repeat(size * 20)}"\n`),
  'a long text of escapes': (size) => params(`  a: "${'\\u0041\\n\\"'.repeat(size)}"\n`),
  'a text of many lines': (size) => params(`  a: "x${'\n    y'.repeat(size)}"\n`),
  'a plain text of many lines': (size) => params(`  a: x${'\n    y'.repeat(size)}\n`),
  'a block of many lines': (size, roll) => params(`  a: ${oneOf(roll, ['|', '>', '|-', '>+'])}\n${'    y z\n'.repeat(size)}`),
  'a text without end': (size) => params(`  a: "${'x y\n'.repeat(size)}`),
  'a text in single quotes': (size) => params(`  a: '${"''".repeat(size * 5)}'\n`),
  spaces: (size) => params(`  a: "x${' '.repeat(size * 10)}\n${' '.repeat(size * 10)}y"\n`),
  'empty lines': (size) => `${HEAD}${'\n'.repeat(size * 3)}${NODE}`,
  comments: (size) => `${HEAD}${'# c\n'.repeat(size)}${NODE}`,
  'one long comment': (size) => `${HEAD}# ${'c'.repeat(size * 20)}\n${NODE}`,
  'comments in a list': (size) => params(`  a:\n${many(size, () => '    # c\n    - 1\n')}`),
  'a long line with an error': (size) => `${HEAD}params: { a: "${'x'.repeat(size * 20)}", 1: }\n  b\n`,
  'brackets that open': (size) => params(`  a: ${'['.repeat(size)}\n`),
  'brackets that close': (size) => params(`  a: ${']'.repeat(size)}\n`),
  'braces that open': (size) => params(`  a: ${'{a: '.repeat(size)}\n`),
  'dashes in each other': (size) => params(`  a:\n    ${'- '.repeat(size)}1\n`),
  'question marks in each other': (size) => `${'? '.repeat(size)}1\n`,
  'indentation in each other': (size) => params(many(Math.min(size, 700), (i) => `${' '.repeat(2 + i)}a:\n`)),
  'deep lists side by side': (size) => params(`  a: [${many(Math.ceil(size / 60), () => `${'['.repeat(58)}1${']'.repeat(58)},`)}]\n`),
  tags: (size) => params(many(size, (i) => `  a${i}: !!python/object:os.system x\n`)),
  directives: (size) => `${'%FOO bar\n'.repeat(size)}---\n${HEAD}${NODE}`,
  'another version of YAML': (_, roll) => `%YAML ${roll(3)}.${roll(4)}\n---\n${HEAD}${NODE}`,
  documents: (size) => `${HEAD}${NODE}${'---\na: 1\n'.repeat(size)}`,
  'ends of documents': (size) => `${HEAD}${NODE}${'...\n'.repeat(size)}`,
  'odd numbers': (size, roll) => params(many(1 + (size % 40), (i) => `  a${i}: ${oneOf(roll, NUMBERS)}\n`)),
  'digits of one number': (size) => params(`  a: ${'1'.repeat(size * 10)}\n`),
  'decimals of one number': (size) => params(`  a: 0.${'1'.repeat(size * 10)}\n`),
  'a zero byte': () => params('  a: x\0y\n'),
  'control characters': () => params('  a: "x\u001b[31my\u0007"\n  b: \u0085\n'),
  'a byte order mark': () => `\uFEFF${HEAD}${NODE}`,
  'UTF-16': (_, roll) => {
    const bytes = Buffer.from(`\uFEFF${HEAD}${NODE}`, 'utf16le');
    return roll(2) === 0 ? bytes : bytes.swap16();
  },
  'bytes that are no UTF-8': (size, roll) => {
    const bytes = Buffer.from(params(many(1 + (size % 500), (i) => `  a${i}: text ${i}\n`)));
    bytes[10 + roll(bytes.length - 10)] = oneOf(roll, [0xff, 0xc0, 0xe2, 0x80]);
    return bytes;
  },
  'half a character in escapes': () => params('  a: "\\ud800"\n'),
  'line ends of another system': (_, roll) => params('  a: 1\n  b: |\n    c\n    d\n').replaceAll('\n', oneOf(roll, ['\r\n', '\r'])),
  tabs: (_, roll) => params(`${oneOf(roll, ['\t', '  ', ' \t'])}a:\t1\n`),
  nothing: (_, roll) => oneOf(roll, NOTHING),
};
