import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findEscape } from '../../src/code/escapes.ts';

const folder = mkdtempSync(join(tmpdir(), 'escapes-'));

function escapeIn(text: string, extension = 'ts', absent: readonly string[] = []) {
  const file = join(folder, `stage.${extension}`);
  writeFileSync(file, text);
  return findEscape(file, new Set(absent));
}

/** A text in which `<<` stands where the escape is. */
function marked(text: string): { text: string; line: number; column: number } {
  const [before = '', after = ''] = text.split('<<');
  const lines = before.split('\n');
  return { text: before + after, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

describe('leads out of the bundle, at its very place', () => {
  test.each([
    ['import.meta.url', 'export const here = <<import.meta.url;', 'import.meta.url'],
    ['with a type before it', 'interface A { a: string }\nexport const here: A = { a: <<import.meta.url };', 'import.meta.url'],
    ['by brackets', "const a = 1;\nexport const here = <<import.meta['url'];", 'import.meta.url'],
    ['over two lines', 'export const here = <<import\n  .meta\n  .dirname;', 'import.meta.dirname'],
    ['under another name', 'const meta = <<import.meta;\nexport const here = meta.url;', 'import.meta'],
    ['taken apart', 'const { url } = <<import.meta;\nexport default url;', 'import.meta'],
    ['resolve', "export const a = <<import.meta.resolve('./a.txt');", 'import.meta.resolve'],
    ['in a new URL', "export const file = new URL('./a.txt', <<import.meta.url);", 'import.meta.url'],
    ['in a template', 'export const a = `${<<import.meta.url}`;', 'import.meta.url'],
    ['import of an expression', 'export const load = (name: string) => <<import(name);', 'import()'],
    ['import on two lines', 'export const load = (name: string) =>\n  <<import\n  (\n    name\n  );', 'import()'],
    ['import after a comment', 'export const load = (name: string) => /* a */ <<import(/* b */ name);', 'import()'],
    ['import of a template', 'export const load = (name: string) => <<import(`./${name}.ts`);', 'import()'],
    ['import of a sum', "export const load = (name: string) => <<import('./' + name);", 'import()'],
    ['require of an expression', 'export const load = (name: string) => <<require(name);', 'require'],
    ['require under another name', 'const load = <<require;\nexport default load;', 'require'],
    ['require.resolve', "export default <<require.resolve('./a.txt');", 'require'],
    [
      'require.resolve of what is not written out',
      'const name = "a";\nexport default <<require.resolve(name);',
      'require.resolve takes the name of a package',
    ],
    ['require.resolve by another name', 'export const find = <<require.resolve;', 'require.resolve takes the name of a package'],
    ['createRequire', "import { <<createRequire } from 'node:module';\nexport default createRequire('/');", 'createRequire'],
    ['createRequire, renamed', "import { <<createRequire as make } from 'node:module';\nexport default make('/');", 'createRequire'],
    [
      'createRequire of a namespace',
      "import * as module from 'node:module';\nexport default <<module.createRequire('/');",
      'createRequire',
    ],
    [
      'createRequire, taken apart',
      "import module from 'node:module';\nconst { <<createRequire } = module;\nexport default createRequire;",
      'createRequire',
    ],
    ['__dirname', 'export const here = <<__dirname;', '__dirname'],
    ['__filename as a short member', 'export const here = { <<__filename };', '__filename'],
  ])('%s', async (_, source, name) => {
    const { text, line, column } = marked(source);
    const found = await escapeIn(text);
    expect(found).toMatchObject({ code: 'escaping-code', place: { line, column, excerpt: text.split('\n')[line - 1] } });
    expect(found?.message).toContain(name);
    expect(found?.hint).toBeTruthy();
  });

  test('the first of several', async () => {
    const found = await escapeIn('const c = `x`;\nexport const b = __dirname;\nexport const a = import.meta.url + c;');
    expect(found?.place?.line).toBe(2);
  });

  test('in JavaScript of both kinds, and in JSX', async () => {
    expect((await escapeIn('var octal = 010; module.exports = __dirname;', 'cjs'))?.place?.line).toBe(1);
    expect((await escapeIn('export default import.meta.url;', 'mjs'))?.place?.column).toBe(16);
    expect((await escapeIn('export const a = (h: unknown) => <b>{import.meta.url}</b>;', 'tsx'))?.place?.column).toBe(38);
  });

  test('an import that may fail, of what is not there', async () => {
    const found = await escapeIn("let a = 1;\ntry { a = require('./absent.json'); } catch {}\nexport default a;", 'ts', ['./absent.json']);
    expect(found).toMatchObject({ place: { line: 2, column: 19 }, message: expect.stringContaining('./absent.json') });
  });
});

describe('does not lead out of it', () => {
  test.each([
    ['in a comment', '// import.meta.url, import(name)\n/* __dirname\n require(name) */\nexport default 1;'],
    ['at the end of a line', 'export default 1; // import(name)'],
    ['in texts', 'export default [\'import.meta.url\', "import(name)", `require(${1}) __dirname`];'],
    ['in a regular expression', 'export default /import\\(name\\)|import.meta.url/;'],
    ['a literal import', "export const a = () => import('./a.ts');\nexport const b = () => import(\n  // why\n  `./b.ts`,\n);"],
    ['import attributes', "export const a = () => import('./a.json', { with: { type: 'json' } });"],
    ['a literal require', "export const a = require('./a.json');"],
    ['where a package lies', "export const a = require.resolve('a-package');"],
    ['asking for a type', 'export default typeof require === "undefined" ? typeof __dirname : 1;'],
    ['a type', "export type A = typeof import('./a.ts');\nexport default (a: ImportMeta) => a.url;"],
    ['names of its own', 'const __dirname = 1;\nexport default (require: (a: number) => number) => require(__dirname);'],
    [
      'members of that name',
      'export default (a: { require(b: string): void; __dirname: string }, b: string) => a.require(b + a.__dirname);',
    ],
    ['keys of that name', 'export default { require: 1, __dirname: 2, import: 3 };'],
    [
      'a method of that name',
      'export default class { import(name: string) { return name; } require(name: string) { return this.import(name); } }',
    ],
  ])('%s', async (_, text) => {
    expect(await escapeIn(text)).toBeUndefined();
  });

  test("any file of Stillroom's own toolkit", async () => {
    const files = readdirSync('src/nn', { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.ts$/.test(file) && !file.endsWith('.d.ts'),
    );
    for (const file of files) expect(await findEscape(join('src/nn', file)), file).toBeUndefined();
  });
});
