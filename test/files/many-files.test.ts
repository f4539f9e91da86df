import { lstatSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { lookAt } from '../../src/files/many-files.ts';
import * as work from '../../src/files/many-work.ts';
import { hashFile } from '../../src/files/hash.ts';
import { emptyFolder, write } from '../folders.ts';

vi.mock('../../src/files/many-work.ts', { spy: true });

/** So many paths of a few files, again and again, and the size of each file. */
function pathsOf(count: number): { readonly paths: string[]; readonly sizes: number[] } {
  const folder = emptyFolder();
  const names = ['a', 'b', 'c', 'é😀'];
  write(folder, Object.fromEntries(names.map((name, index) => [name, name.repeat(index * 1000)])));
  symlinkSync('a', join(folder, 'link'));
  const paths = Array.from({ length: count }, (_, index) => join(folder, [...names, 'link'][index % 5] ?? ''));
  return { paths, sizes: paths.map((path) => lstatSync(path).size) };
}

/** What must be learned of files. */
function expected(look: work.Look, paths: readonly string[]): Buffer {
  const learned = paths.map((path) => {
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
  const { paths, sizes } = pathsOf(count);
  const { learned, marks } = lookAt(look, paths, sizes);
  expect(Buffer.from(learned).equals(expected(look, paths))).toBe(true);
  if (look === 'stat')
    expect([...marks]).toEqual(
      paths.flatMap((path) => {
        const { mode, nlink } = lstatSync(path);
        return [mode, nlink];
      }),
    );
});

test.each<[work.Look]>([['stat'], ['hash']])('the other thread can do all by %s', (look) => {
  const { paths, sizes } = pathsOf(5000);
  vi.mocked(work.lookThrough).mockImplementationOnce(({ marks }) => {
    const isDone = (): boolean => paths.every((_, index) => Atomics.load(marks, 2 * index) !== 0);
    while (!isDone()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  });
  const learner = vi.mocked(work.learner);
  learner.mockReturnValue(() => {
    throw new Error('it is for the other thread');
  });
  expect(Buffer.from(lookAt(look, paths, sizes).learned).equals(expected(look, paths))).toBe(true);
  learner.mockReset();
});

test('what the other thread began and does not end is done without it', () => {
  const { paths } = pathsOf(5000);
  vi.mocked(work.lookThrough).mockImplementationOnce(({ control }) => {
    Atomics.store(control, 0, paths.length);
    Atomics.store(control, work.BUSY, 1);
  });
  expect(Buffer.from(lookAt('hash', paths).learned).equals(expected('hash', paths))).toBe(true);
});

test.each<[work.Look, number]>([
  ['stat', 1],
  ['hash', 1],
  ['stat', 5000],
  ['hash', 5000],
])('one that is gone is told by its path: %s of %i', (look, count) => {
  const { paths } = pathsOf(count);
  const gone = join(emptyFolder(), 'gone');
  expect(() => lookAt(look, [...paths.slice(1), gone])).toThrow(expect.objectContaining({ code: 'ENOENT', path: gone }));
});
