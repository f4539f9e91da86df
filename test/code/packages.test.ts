import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { installedPackage, isNative, installedIngredient } from '../../src/code/packages.ts';
import type { PackageIngredient } from '../../src/model/result.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'packages-'));
});

function write(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function find(name: string): string {
  return installedPackage(name, join(root, 'stages/one')) ?? '';
}

function ingredient(name: string): PackageIngredient {
  const found = installedIngredient(find(name));
  if (!found.ok) throw new Error(found.problems[0]?.message);
  return found.value;
}

const native = (name: string): boolean => {
  const found = isNative(find(name));
  if (!found.ok) throw new Error(found.problems[0]?.message);
  return found.value;
};

describe('odd packages are read without a crash', () => {
  test.each([
    ['no name', '{}'],
    ['damaged', '{ "name": '],
    ['a list', '[]'],
    ['nothing', 'null'],
    ['strange members', '{ "name": 5, "version": {}, "dependencies": ["a"], "optionalDependencies": "b" }'],
  ])('%s', (_, manifest) => {
    write('node_modules/odd/package.json', manifest);
    write('node_modules/odd/index.js', '1');
    expect(native('odd')).toBe(false);
    const before = ingredient('odd');
    expect(before.version).toBe('');
    write('node_modules/odd/index.js', '2');
    expect(ingredient('odd').integrity).not.toBe(before.integrity);
  });

  test('with a scope, two of them with one last name apart', () => {
    for (const scope of ['@a', '@b']) write(`node_modules/${scope}/same/package.json`, '{}');
    expect(ingredient('@a/same').integrity).not.toBe(ingredient('@b/same').integrity);
  });

  test('that depend on each other in a circle', () => {
    write('node_modules/a/package.json', '{ "name": "a", "dependencies": { "b": "1", "absent": "1" } }');
    write('node_modules/b/package.json', '{ "name": "b", "dependencies": { "a": "1" } }');
    expect(native('a')).toBe(false);
    const before = ingredient('a').integrity;
    write('node_modules/b/build/Release/b.node', '');
    expect(native('a')).toBe(true);
    expect(ingredient('a').integrity).not.toBe(before);
  });

  test('that hold WebAssembly count as native: they read it from beside their own files', () => {
    write('node_modules/a/package.json', '{ "name": "a" }');
    write('node_modules/a/dist/a.wasm', '');
    expect(native('a')).toBe(true);
  });

  test('that are linked, with links in circles below them', () => {
    write('packages/mine/package.json', '{ "name": "mine", "version": "0.0.0" }');
    write('packages/mine/build/mine.node', '');
    symlinkSync('..', join(root, 'packages/mine/build/back'));
    symlinkSync('itself', join(root, 'packages/mine/itself'));
    mkdirSync(join(root, 'node_modules'));
    symlinkSync('../packages/mine', join(root, 'node_modules/mine'));
    expect(native('mine')).toBe(true);
    const before = ingredient('mine').integrity;
    write('packages/mine/index.js', '1');
    expect(ingredient('mine').integrity).not.toBe(before);
  });

  test("under a damaged note of npm's", () => {
    write('node_modules/a/package.json', '{ "name": "a" }');
    write('node_modules/.package-lock.json', '{ "packages": {');
    expect(ingredient('a').integrity).toMatch(/^[0-9a-f]{64}$/);
  });

  test('noted by npm, they count by its integrity and not by their files', () => {
    write('node_modules/a/package.json', '{ "name": "a" }');
    const lock = (integrity: string) =>
      write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { integrity } } }));
    lock('sha512-one');
    const before = ingredient('a').integrity;
    write('node_modules/a/more.js', '');
    expect(ingredient('a').integrity).toBe(before);
    lock('sha512-second');
    expect(ingredient('a').integrity).not.toBe(before);
  });
});

test('a package that cannot be read is a problem with its name, not a crash', () => {
  write('node_modules/@a/gone/package.json', '{}');
  const folder = find('@a/gone');
  const moved = `${folder}-moved`;
  expect(isNative(moved)).toMatchObject({
    ok: false,
    problems: [{ code: 'bad-package', message: expect.stringContaining('@a/gone-moved') }],
  });
  expect(installedIngredient(moved)).toMatchObject({ ok: false, problems: [{ code: 'bad-package' }] });
});
