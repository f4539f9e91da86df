import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { moduleChoices, readChoice } from '../../src/code/choices.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'choices-'));
});

function write(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** What a choice's file declares: its params' defaults, or what is wrong. */
async function read(file: string): Promise<Record<string, unknown> | null | string> {
  const choice = await readChoice(file, join(root, 'cache'));
  if (!choice.ok) return choice.problems.map(({ message, hint }) => `${message.replace(`${file}: `, '')} (${hint})`).join('\n');
  const { params } = choice.value;
  return params === null ? null : Object.fromEntries(Object.entries(params).map(([name, { schema }]) => [name, schema['default']]));
}

const IMPORT = "import { param } from 'stillroom';\n";

describe('a choice', () => {
  test('without params declares none, whatever else it exports', async () => {
    expect(await read(write('plain.ts', 'export default 1;\n'))).toBeNull();
    expect(await read(write('other.ts', '// It takes no params.\nexport const other = 1;\nexport default 1;\n'))).toBeNull();
  });

  test('declares its params without what the rest of its file reaches being there', async () => {
    const file = write(
      'focal.ts',
      `${IMPORT}import { graph } from './not-there.ts';
import tensorflow from '@tensorflow/not-installed';
import { least } from './parts/limits.ts';
export const params = () => ({ gamma: param.number({ min: least, default: 2 }), kind: param.choice(['a', 'b'], { default: 'a' }) });
export default ({ gamma }: { gamma: number }) => graph(tensorflow, gamma);
`,
    );
    write('parts/limits.ts', "import '../broken.ts';\nimport { zero } from './zero.ts';\nexport const least = zero;\n");
    write('parts/zero.ts', 'export const zero = 0;\n');
    expect(await read(file)).toEqual({ gamma: 2, kind: 'a' });
    const choice = await readChoice(file, join(root, 'cache'));
    expect(choice.ok && choice.value.params?.['gamma']?.schema['minimum']).toBe(0);
  });

  test('is read again when its file, or one that its params use, changes, and only then', async () => {
    const file = write(
      'one.ts',
      `${IMPORT}import { two } from './two.ts';\nexport const params = () => ({ a: param.int({ default: two }) });\n`,
    );
    write('two.ts', 'export const two = 2;\n');
    const first = await readChoice(file, join(root, 'cache'));
    const second = await readChoice(file, join(root, 'cache'));
    expect(second.ok && first.ok && second.value).toBe(first.ok && first.value);
    write('two.ts', 'export const two = 3;\n');
    expect(await read(file)).toEqual({ a: 3 });
    write('one.ts', `${IMPORT}export const params = () => ({ b: param.int({ default: 4 }) });\n`);
    expect(await read(file)).toEqual({ b: 4 });
  });

  test.each([
    [
      'its params use "node:os"',
      `${IMPORT}import { cpus } from 'node:os';\nexport const params = () => ({ a: param.int({ default: cpus().length }) });\n`,
    ],
    ['its params are no function (write export', `${IMPORT}export const params = { a: param.int() };\n`],
    ['the param "a" was not made by param', 'export const params = () => ({ a: 1 });\n'],
    ['the param "name" is not one that a choice or a group can have', `${IMPORT}export const params = () => ({ name: param.int() });\n`],
    ['the param "a" is not one that a choice or a group can have', `${IMPORT}export const params = () => ({ a: param.budget() });\n`],
    [
      'the param "a" is not one that a choice or a group can have',
      `${IMPORT}export const params = () => ({ a: param.module({ folder: './x' }) });\n`,
    ],
    ['no luck', "export const params = () => { throw new Error('no luck'); };\n"],
    ['Expected', 'export const params = () => ({;\n'],
  ])('is refused by name: %s', async (message, text) => {
    expect(await read(write('bad.ts', text))).toContain(message);
  });
});

test('choices are the files of a folder, and no folders, tests or declarations', () => {
  for (const path of ['a.ts', 'b.js', 'b.test.ts', 'c.d.ts', 'index.ts', '.hidden.ts', 'parts/d.ts']) write(`models/${path}`, '');
  expect([...moduleChoices('./models', root).keys()]).toEqual(['a', 'b']);
  expect(moduleChoices('stillroom/nn/losses', root).has('focal')).toBe(true);
});
