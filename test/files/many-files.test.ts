import { lstatSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type FilesBelow, lookAt } from '../../src/files/many-files.ts';
import * as work from '../../src/files/many-work.ts';
import { hashFile } from '../../src/files/hash.ts';
import { emptyFolder, write } from '../folders.ts';

vi.mock('../../src/files/many-work.ts', { spy: true });

/** So many paths of a few files, again and again, and the size of each file. */
function filesOf(count: number): { readonly folder: string; readonly paths: string[]; readonly sizes: number[] } {
  const folder = emptyFolder();
  const names = ['a', 'b', 'c', 'é😀'];
  write(folder, Object.fromEntries(names.map((name, index) => [name, name.repeat(index * 1000)])));
  symlinkSync('a', join(folder, 'link'));
  const paths = Array.from({ length: count }, (_, index) => [...names, 'link'][index % 5] ?? '');
  return { folder, paths, sizes: paths.map((path) => lstatSync(join(folder, path)).size) };
}

/** What must be learned of files. */
function expected(look: work.Look, { folder, paths }: FilesBelow): Buffer {
  const learned = paths.map((name) => {
    const path = join(folder, name);
    if (look === 'hash') return Buffer.from(hashFile(path), 'hex');
    const { size, ino, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
    return Buffer.from(BigInt64Array.of(size, ino, mtimeNs, ctimeNs).buffer);
  });
  return Buffer.concat(learned);
}

test.each<[work.Look, number]>([
  ['stat', 20],
  ['hash', 20],
  ['stat', 10_000],
  ['hash', 10_000],
])('what is learned by %s of %i files is right', (look, count) => {
  const files = filesOf(count);
  const { learned, marks } = lookAt(look, files);
  expect(Buffer.from(learned).equals(expected(look, files))).toBe(true);
  if (look === 'stat')
    expect([...marks]).toEqual(
      files.paths.flatMap((path) => {
        const { mode, nlink } = lstatSync(join(files.folder, path));
        return [mode, nlink];
      }),
    );
});

test.each<[work.Look]>([['stat'], ['hash']])('the other thread can do all by %s', (look) => {
  const files = filesOf(5000);
  vi.mocked(work.lookThrough).mockImplementationOnce(({ marks }) => {
    const isDone = (): boolean => files.paths.every((_, index) => Atomics.load(marks, 2 * index) !== 0);
    while (!isDone()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  });
  const learner = vi.mocked(work.learner);
  learner.mockReturnValue(() => {
    throw new Error('it is for the other thread');
  });
  expect(Buffer.from(lookAt(look, files).learned).equals(expected(look, files))).toBe(true);
  learner.mockReset();
});

test('what the other thread began and does not end is done without it', () => {
  const files = filesOf(5000);
  vi.mocked(work.lookThrough).mockImplementationOnce(({ control }) => {
    Atomics.store(control, 0, files.paths.length);
    Atomics.store(control, work.BUSY, 1);
  });
  expect(Buffer.from(lookAt('hash', files).learned).equals(expected('hash', files))).toBe(true);
});

test.each<[work.Look, number]>([
  ['stat', 1],
  ['hash', 1],
  ['stat', 5000],
  ['hash', 5000],
])('one that is gone is told by its path: %s of %i', (look, count) => {
  const { folder, paths } = filesOf(count);
  const gone = expect.objectContaining({ code: 'ENOENT', path: join(folder, 'gone') });
  expect(() => lookAt(look, { folder, paths: [...paths.slice(1), 'gone'] })).toThrow(gone);
});
