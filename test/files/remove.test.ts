import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeTree } from '../../src/files/remove.ts';
import { asAnotherUser, checkout, emptyFolder, giveAway, write } from '../rig.ts';

const otherUser = asAnotherUser();

/** Makes folders one in the other, deeper than any path can name. */
function nest(folder: string): void {
  const script =
    'import os, sys\nos.chdir(sys.argv[1])\nfor i in range(380):\n  os.mkdir("0123456789")\n  os.chdir("0123456789")\nopen("file", "w").close()';
  expect(spawnSync('python3', ['-c', script, folder]).status).toBe(0);
}

test('folders deeper than a path can name, names that are no text and links are removed, and nothing that a link leads to', () => {
  const folder = emptyFolder();
  write(folder, { 'tree/a/b.txt': 'b', 'other/kept.txt': 'kept' });
  nest(join(folder, 'tree'));
  nest(join(folder, 'tree/a'));
  symlinkSync(join(folder, 'other'), join(folder, 'tree/link'));
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/tree/a/`), Buffer.from([0xff, 0xfe])]), '');
  expect(removeTree(join(folder, 'tree'))).toEqual([]);
  expect(readdirSync(folder)).toEqual(['other']);
  expect(readdirSync(join(folder, 'other'))).toEqual(['kept.txt']);
  expect(removeTree(join(folder, 'tree'))).toEqual([]);
});

test.runIf(otherUser !== undefined)('read-only folders are removed by whoever owns them', () => {
  const folder = emptyFolder();
  write(folder, { 'tree/cache/mod/file': 'x', 'tree/closed/file': 'x' });
  chmodSync(join(folder, 'tree/cache/mod'), 0o555);
  chmodSync(join(folder, 'tree/cache'), 0o555);
  chmodSync(join(folder, 'tree/closed'), 0);
  giveAway(folder);
  const script = `import(${JSON.stringify(join(checkout, 'dist/files/remove.js'))}).then(({ removeTree }) => console.log(JSON.stringify(removeTree(process.argv[1]))))`;
  const [program = '', ...rest] = [...(otherUser ?? []), process.execPath, '-e', script, join(folder, 'tree')];
  const ended = spawnSync(program, rest, { encoding: 'utf8' });
  expect(ended.stdout.trim()).toBe('[]');
  expect(existsSync(join(folder, 'tree'))).toBe(false);
});

test.runIf(otherUser !== undefined)('what refuses is stepped over and named, and all else is gone', () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'tree'));
  giveAway(folder);
  // A folder of someone else's, with something in it.
  write(folder, { 'tree/a/own.txt': 'x', 'tree/foreign/inner/file': 'x', 'tree/z.txt': 'x' });
  giveAway(join(folder, 'tree/a'));
  const script = `import(${JSON.stringify(join(checkout, 'dist/files/remove.js'))}).then(({ removeTree }) => console.log(JSON.stringify(removeTree(process.argv[1]))))`;
  const [program = '', ...rest] = [...(otherUser ?? []), process.execPath, '-e', script, join(folder, 'tree')];
  const left = JSON.parse(spawnSync(program, rest, { encoding: 'utf8' }).stdout) as string[];
  expect(left).toEqual([`${join(folder, 'tree/foreign/inner/file')} (EACCES)`]);
  expect(readdirSync(join(folder, 'tree'))).toEqual(['foreign']);
});
