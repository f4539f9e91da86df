import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { decodeText } from 'stillroom/nn';
import { SourceProblem } from './collection.ts';
import type { Collection, Item } from './collection.ts';

const imagesFile = /^(.*?)[-.]?images[-.]idx3-ubyte(\.gz)?$/;
const labelsFile = /^(.*?)[-.]?labels[-.]idx1-ubyte(\.gz)?$/;
const setNames = { train: ['train'], test: ['t10k', 'test'] };

/** The names of a folder's image and label files, by what stands before `-images` (`train`, `t10k`). */
export interface IdxPair {
  readonly set: string;
  readonly images: string;
  readonly labels: string;
}

/** The idx pairs among a folder's file names; empty if it holds none. */
export function findPairs(names: readonly string[]): IdxPair[] {
  const found = (pattern: RegExp): Map<string, string> =>
    new Map(
      names.flatMap(
        (name) =>
          pattern
            .exec(name)
            ?.slice(1, 2)
            .map((set) => [set, name] as const) ?? [],
      ),
    );
  const labels = found(labelsFile);
  return [...found(imagesFile)].map(([set, images]) => {
    const beside = labels.get(set);
    if (beside === undefined) throw new SourceProblem(`${images} has no labels file beside it`);
    return { set, images, labels: beside };
  });
}

/** The pair of a set: the one of that name, else the only one there is (unless it is the other set's). */
export function choosePair(pairs: readonly IdxPair[], set: 'train' | 'test'): IdxPair | undefined {
  const named = pairs.find((pair) => setNames[set].includes(pair.set));
  return named ?? (pairs.length === 1 ? pairs[0] : undefined);
}

/** One idx file of unsigned bytes: its dimensions and its bytes. */
async function readIdx(folder: string, name: string, rank: number): Promise<{ shape: number[]; data: Uint8Array }> {
  const stored = await readFile(join(folder, name));
  const bytes = name.endsWith('.gz') ? await promisify(gunzip)(stored).catch(() => undefined) : stored;
  if (bytes === undefined) throw new SourceProblem(`${name} is not a whole gzip file`);
  const start = 4 + 4 * rank;
  if (bytes.length < start || bytes.readUInt32BE(0) !== 0x0800 + rank) {
    throw new SourceProblem(`${name} is not an idx file of ${rank} dimensions of unsigned bytes`);
  }
  const shape = Array.from({ length: rank }, (_, index) => bytes.readUInt32BE(4 + 4 * index));
  const expected = shape.reduce((product, length) => product * length, 1);
  if (bytes.length - start !== expected) {
    throw new SourceProblem(`${name} holds ${bytes.length - start} bytes of data where its header says ${expected}`);
  }
  return { shape, data: bytes.subarray(start) };
}

/** The class names: as given, else the lines of `classes.txt` in the folder, else the labels' numbers. */
async function nameClasses(folder: string, names: readonly string[], given: readonly string[], count: number): Promise<readonly string[]> {
  const listed = names.includes('classes.txt')
    ? decodeText(await readFile(join(folder, 'classes.txt')), 'classes.txt')
        .split('\n')
        .filter(Boolean)
    : [];
  const classes = given.length > 0 ? given : listed;
  if (classes.length === 0) return Array.from({ length: count }, (_, index) => String(index));
  if (classes.length < count) throw new SourceProblem(`the labels go up to ${count - 1}, but only ${classes.length} classes are named`);
  return classes;
}

/** A pair of idx files (MNIST's format, gzipped or not) as a collection; `set` is the prefix of the images' ids. */
export async function readIdxPair(
  folder: string,
  names: readonly string[],
  pair: IdxPair,
  set: string,
  given: readonly string[],
): Promise<Collection> {
  const images = await readIdx(folder, pair.images, 3);
  const labels = await readIdx(folder, pair.labels, 1);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (labels.data.length !== count)
    throw new SourceProblem(`${pair.images} holds ${count} images, ${pair.labels} ${labels.data.length} labels`);
  if (count === 0) throw new SourceProblem(`${pair.images} holds no image`);
  const highest = labels.data.reduce((most, label) => Math.max(most, label), 0);
  const classes = await nameClasses(folder, names, given, highest + 1);
  const area = height * width;
  const items = Array.from(labels.data, (label, index): Item => {
    const data = images.data.subarray(index * area, (index + 1) * area);
    return { name: `${set}/${String(index).padStart(6, '0')}`, label, read: async () => ({ data, height, width, channels: 1 }) };
  });
  return { classes, items, ignored: [], missing: [], notes: [] };
}
