import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { settle, settledStamps, tellsOfChanges } from '../../src/files/change-times.ts';
import { fileStamp } from '../../src/files/stamp.ts';
import { emptyFolder } from '../folders.ts';

test.each(['/dev/shm', '/proc', '/nowhere/at/all'])(
  'a file system that is none, or keeps files in memory, does not tell of all changes (%s)',
  (path) => {
    expect(tellsOfChanges(path)).toBe(false);
    expect(() => settle([`${path}/none`], 0n)).not.toThrow();
  },
);

test('what was just written is settled: whoever writes as much again into the same file is seen', () => {
  const file = join(emptyFolder(), 'file');
  for (let again = 0; again < 20; again += 1) {
    writeFileSync(file, 'one');
    const before = lstatSync(file, { bigint: true });
    settle([file], before.ctimeNs);
    expect(fileStamp(lstatSync(file, { bigint: true }))).toBe(fileStamp(before));
    writeFileSync(file, 'two');
    expect(fileStamp(lstatSync(file, { bigint: true }))).not.toBe(fileStamp(before));
  }
});

test('a time to come is no reason to wait for it', () => {
  const file = join(emptyFolder(), 'file');
  writeFileSync(file, '');
  settle([file], BigInt(Date.now() + 3_600_000) * 1_000_000n);
  expect(existsSync(file)).toBe(true);
});

test('stamps are settled when whoever changes a file from now on is seen, which is soon', async () => {
  const folder = emptyFolder();
  const files = [join(folder, 'one'), join(folder, 'other')];
  for (const file of files) writeFileSync(file, '');
  for (let again = 0; again < 20; again += 1) {
    writeFileSync(files[again % 2] ?? '', 'one');
    let stamps: string[] | undefined;
    while (stamps === undefined) {
      stamps = settledStamps(files, folder);
      await setTimeout(1);
    }
    writeFileSync(files[again % 2] ?? '', 'two');
    expect(files.map((file) => fileStamp(lstatSync(file, { bigint: true })))).not.toEqual(stamps);
  }
  expect(settledStamps([...files, join(folder, 'none')], folder)).toBeUndefined();
});

test('what cannot be stamped beside files is no reason to wait for ever', async () => {
  const file = join(emptyFolder(), 'file');
  writeFileSync(file, 'one');
  while (settledStamps([file], '/nowhere/at/all') === undefined) await setTimeout(1);
});
