import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import * as native from '../../src/files/addon.ts';
import { areWhole, type FilesBelow, lookAt, readMany, removeMany, unpackMany } from '../../src/files/many-files.ts';
import * as work from '../../src/files/many-work.ts';
import { digestBytes } from '../../src/files/digests.ts';
import { hashFile } from '../../src/files/hash.ts';
import type { Packed } from '../../src/files/unpacker.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { emptyFolder, write } from '../folders.ts';

vi.mock('../../src/files/many-work.ts', { spy: true });
vi.mock('../../src/files/addon.ts', { spy: true });

const addon = native.addon();

/** Lets files be dealt with by the addon where they are many, or else by another thread of Node. */
function useAddon(isUsed: boolean): void {
  vi.mocked(native.addon)
    .mockReset()
    .mockReturnValue(isUsed ? addon : undefined);
  vi.mocked(work.lookThrough).mockReset();
}

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

/** Does something of which the JavaScript of this thread does nothing. */
function byOthers<Result>(act: () => Result): Result {
  vi.mocked(work.lookThrough).mockImplementationOnce(({ paths, marks }) => {
    const isDone = (): boolean => paths.every((_, index) => Atomics.load(marks, 2 * index) !== 0);
    while (!isDone()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  });
  const learner = vi.mocked(work.learner);
  const take = (): never => {
    throw new Error('it is for others');
  };
  learner.mockReturnValue({ take, end: () => undefined });
  const result = act();
  learner.mockReset();
  return result;
}

/** So many texts in one file with others between them, and a folder for the files that they are. */
function packedTexts(count: number): {
  readonly folder: string;
  readonly paths: string[];
  readonly texts: string[];
  readonly packed: Packed;
} {
  const folder = emptyFolder();
  const texts = Array.from({ length: count }, (_, index) =>
    index % 1000 === 7 ? `${index} `.repeat(60_000) : `${index}`.repeat(index % 5),
  );
  const pack = join(folder, 'pack');
  writeFileSync(pack, texts.map((text) => `${text}between`).join(''));
  let next = 0;
  const places = Float64Array.from(
    texts.flatMap((text) => {
      next += text.length + 'between'.length;
      return [0, next - text.length - 'between'.length, text.length];
    }),
  );
  mkdirSync(join(folder, 'in'));
  const executable = Uint8Array.from(texts, (_, index) => index % 2);
  return {
    folder: join(folder, 'in'),
    paths: texts.map((_, index) => `f${index}`),
    texts,
    packed: { packs: [pack], places, digests: digestBytes(texts.map(sha256)), executable },
  };
}

/** What was read of some files, as it was told. */
function readAll(
  folder: string,
  paths: readonly string[],
  sizes: readonly number[],
): { readonly texts: string[]; readonly digests: string[]; readonly short: number[] } {
  const [texts, digests, short]: [string[], string[], number[]] = [[], [], []];
  for (const read of readMany(
    folder,
    paths.map((path, index) => ({ path, size: sizes[index] ?? 0 })),
  )) {
    expect(read.from).toBe(texts.length);
    for (let index = 0; index + 1 < read.offsets.length; index += 1) {
      texts.push(Buffer.from(read.bytes.subarray(read.offsets[index], read.offsets[index + 1])).toString());
      const digest = read.digestOf(index);
      if (digest === undefined) short.push(read.from + index);
      digests.push(digest ?? 'short');
    }
  }
  return { texts, digests, short };
}

describe.each([
  ['another thread of Node', false],
  ['the addon', true],
])('with %s', (_, isByAddon) => {
  beforeEach(() => useAddon(isByAddon));

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

  test.each([20, 10_000])(
    'of %i plain files it is learned at once how they stand and what they hold; of others only how they stand',
    (count) => {
      const files = filesOf(count);
      mkdirSync(join(files.folder, 'below'));
      const plain = { folder: files.folder, paths: files.paths.map((path) => (path === 'link' ? 'below' : path)) };
      const { learned, digests = new ArrayBuffer(0), marks } = lookAt('stat and hash', plain);
      const stats = lookAt('stat', plain);
      expect(Buffer.from(learned).equals(Buffer.from(stats.learned))).toBe(true);
      expect(Buffer.from(marks.buffer).equals(Buffer.from(stats.marks.buffer))).toBe(true);
      const wanted = plain.paths.map((path) => (path === 'below' ? Buffer.alloc(32) : expected('hash', { ...plain, paths: [path] })));
      expect(Buffer.from(digests).equals(Buffer.concat(wanted))).toBe(true);
      expect(() => lookAt('stat and hash', files)).toThrow(expect.objectContaining({ code: 'ELOOP', path: join(files.folder, 'link') }));
    },
  );

  test.each<[work.Look]>([['stat'], ['hash']])('others can do all by %s', (look) => {
    const files = filesOf(5000);
    const { learned } = byOthers(() => lookAt(look, files));
    expect(Buffer.from(learned).equals(expected(look, files))).toBe(true);
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

  test.each([
    [20, false],
    [5000, false],
    [5000, true],
  ])('%i files are made of what is packed, with how they stand; all by others: %s', (count, isByOthers) => {
    const { folder, paths, texts, packed } = packedTexts(count);
    const unpack = (): ReturnType<typeof unpackMany> => unpackMany(folder, paths, packed);
    const { stamps, wrong } = isByOthers ? byOthers(unpack) : unpack();
    expect(wrong).toEqual([]);
    expect(paths.filter((path, index) => readFileSync(join(folder, path), 'utf8') !== texts[index])).toEqual([]);
    expect(paths.map((path) => lstatSync(join(folder, path)).mode & 0o777)).toEqual(
      texts.map((_, index) => (index % 2 === 1 ? 0o555 : 0o444)),
    );
    expect(Buffer.from(stamps.buffer).equals(expected('stat', { folder, paths }))).toBe(true);
  });

  test.each([[20], [5000]])('of %i those are told of which the bytes are not what they should be, and are not made', (count) => {
    const { folder, paths, texts, packed } = packedTexts(count);
    const places = packed.places.slice();
    // One that is longer than a piece, one that begins a byte too late, and one in a pack that is gone.
    const [long, late, gone] = [7, 12, 14];
    for (const index of [long, late]) places[3 * index + 1] = (places[3 * index + 1] ?? 0) + 1;
    places[3 * gone] = 1;
    const damaged: Packed = { ...packed, places, packs: [...packed.packs, join(folder, 'nothing')] };
    expect(unpackMany(folder, paths, damaged).wrong).toEqual([long, late, gone]);
    expect(readdirSync(folder)).toHaveLength(texts.length - 3);
    expect([areWhole(paths, packed), areWhole(paths, damaged)]).toEqual([true, false]);
  });

  test.each([[20], [5000]])('a file of %i that cannot be made is told by its path, and what was begun of it is gone', (count) => {
    const { folder, paths, packed } = packedTexts(count);
    const nowhere = paths.with(10, 'nowhere/f');
    expect(() => unpackMany(folder, nowhere, packed)).toThrow(expect.objectContaining({ code: 'ENOENT', path: join(folder, 'nowhere/f') }));
  });

  test.each([
    [20, false],
    [5000, false],
    [5000, true],
  ])('%i files are removed, whether they are there or not; all by others: %s', (count, isByOthers) => {
    const { folder, paths, packed } = packedTexts(count);
    unpackMany(folder, paths.slice(1), { ...packed, places: packed.places.slice(3), digests: packed.digests.subarray(32) });
    const remove = (): void => removeMany(folder, paths);
    if (isByOthers) byOthers(remove);
    else remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([[0], [20], [5000]])('%i files are read in their order, a part of them at once', (count) => {
    const { folder, paths, texts, packed } = packedTexts(count);
    unpackMany(folder, paths, packed);
    // Their names together have more bytes than are read at once.
    const [many, sizes] = [[...paths, ...paths, ...paths], [...texts, ...texts, ...texts].map(({ length }) => length)];
    const read = readAll(folder, many, sizes);
    expect(read.texts).toEqual([...texts, ...texts, ...texts]);
    expect(read.digests).toEqual(read.texts.map(sha256));
    expect(read.short).toEqual([]);
  });

  test.each([[20], [5000]])(
    'of %i files that are read those are told that have become shorter; of others that have grown no more is read',
    (count) => {
      const { folder, paths, texts, packed } = packedTexts(count);
      unpackMany(folder, paths, packed);
      const sizes = texts.map(({ length }, index) => (index === 13 ? length + 1 : index === 14 ? length - 1 : length));
      const { texts: read, short } = readAll(folder, paths, sizes);
      expect(short).toEqual([13]);
      expect(read[14]).toBe(texts[14]?.slice(0, -1));
      expect(() => readAll(folder, paths.with(10, 'gone'), sizes)).toThrow(
        expect.objectContaining({ code: 'ENOENT', path: join(folder, 'gone') }),
      );
    },
  );
});

test('what the other thread began and does not end is done without it', () => {
  useAddon(false);
  const files = filesOf(5000);
  vi.mocked(work.lookThrough).mockImplementationOnce(({ control }) => {
    Atomics.store(control, 0, files.paths.length);
    Atomics.store(control, work.BUSY, 1);
  });
  expect(Buffer.from(lookAt('hash', files).learned).equals(expected('hash', files))).toBe(true);
});

test.each([
  ['another thread', false],
  ['the addon', true],
])('files have their modes whatever new ones are given by the process: %s', (_, isByAddon) => {
  useAddon(isByAddon);
  const { folder, paths, packed } = packedTexts(5000);
  const mask = process.umask(0o077);
  const { stamps } = unpackMany(folder, paths, packed);
  process.umask(mask);
  expect(paths.slice(0, 2).map((path) => lstatSync(join(folder, path)).mode & 0o777)).toEqual([0o444, 0o555]);
  expect(Buffer.from(stamps.buffer).equals(expected('stat', { folder, paths }))).toBe(true);
});

test('whoever deals with files, what is learned of them is the same', () => {
  const folder = emptyFolder();
  const names = [
    '-',
    ' ',
    'new\nline',
    '"quoted"',
    "'",
    '\\',
    'e\u0301',
    '\u{10ffff}',
    'x'.repeat(255),
    'below/a',
    'below/../below/b',
    'empty',
  ];
  mkdirSync(join(folder, 'below'));
  for (const [index, name] of names.entries())
    writeFileSync(join(folder, name), name === 'empty' ? '' : String(index).repeat(index * 300_000));
  chmodSync(join(folder, '-'), 0o6755);
  writeFileSync(join(folder, 'hole'), '');
  truncateSync(join(folder, 'hole'), 3 * 1024 * 1024);
  const others = ['pipe', 'link', 'nowhere', 'below'];
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')]);
  symlinkSync('hole', join(folder, 'link'));
  symlinkSync('gone', join(folder, 'nowhere'));
  const many = (paths: readonly string[]): string[] => [...paths, ...Array.from({ length: 4000 }, () => 'empty')];
  const learn = (look: work.Look, paths: readonly string[]): string[] => {
    const sizes = paths.map((path) => lstatSync(join(folder, path)).size);
    const { learned, marks, digests } = lookAt(look, { folder, paths, sizes });
    return [learned, marks.buffer, digests ?? new ArrayBuffer(0)].map((bytes) => sha256(new Uint8Array(bytes)));
  };
  for (const [look, paths] of [
    ['stat', [...names, 'hole', ...others]],
    ['hash', [...names.slice(0, 3), 'hole', 'empty']],
    ['stat and hash', [...names.slice(0, 3), 'hole', 'empty', 'pipe', 'below']],
  ] as const) {
    const learned = [false, true].map((isByAddon) => {
      useAddon(isByAddon);
      return isByAddon ? byOthers(() => learn(look, many(paths))) : learn(look, many(paths));
    });
    expect(learned[0]).toEqual(learned[1]);
  }
});

test('the addon deals with some hundred files already', () => {
  const files = filesOf(300);
  useAddon(true);
  expect(Buffer.from(byOthers(() => lookAt('stat', files)).learned).equals(expected('stat', files))).toBe(true);
});
