import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unpack } from '../../src/setup/unzip.mjs';
import { temporaryFolder, zip } from './rig.ts';

const members = { 'a/one.txt': 'one '.repeat(5000), 'a/empty': '', 'b/two.txt': 'two', 'b/bin/tool': '#!' };

test('unpacks the members that are asked for, where they are asked for', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'archive.zip'), zip(members));
  const files = await unpack(join(folder, 'archive.zip'), join(folder, 'out'), (name) => (name === 'b/two.txt' ? undefined : `x/${name}`));
  expect(files).toEqual({ 'x/a/one.txt': 20_000, 'x/a/empty': 0, 'x/b/bin/tool': 2 });
  expect(readFileSync(join(folder, 'out/x/a/one.txt'), 'utf8')).toBe(members['a/one.txt']);
  expect(readFileSync(join(folder, 'out/x/a/empty'), 'utf8')).toBe('');
});

test('a file that is no archive is refused', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'archive.zip'), 'this is a page of the proxy'.repeat(100));
  await expect(unpack(join(folder, 'archive.zip'), folder, (name) => name)).rejects.toThrow('is not a zip archive');
});

test('a damaged member is refused', async () => {
  const folder = temporaryFolder();
  const bytes = zip({ one: 'one '.repeat(5000) });
  bytes.fill(0xff, 40, 60);
  writeFileSync(join(folder, 'archive.zip'), bytes);
  await expect(unpack(join(folder, 'archive.zip'), folder, (name) => name)).rejects.toThrow();
});
