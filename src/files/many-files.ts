import { besideThis } from './beside.ts';
import { DIGEST_BYTES, digestAt } from './digests.ts';
import { BUSY, type Contents, learner, type Look, type ManyFiles, MOVED, WRONG } from './many-work.ts';
import { STAMP_BYTES } from './stamp.ts';
import type { Packed } from './unpacker.ts';

/** Milliseconds without a sign of the other thread after which it is no longer waited for: what it was to look at is looked at without it. */
const PATIENCE = 2000;

/** So often may it be seen after that time that it has dealt with nothing more, where only it knows what it does. */
const LONGEST = 300;

/** What was learned of files, in their order. */
export interface Learned {
  /** Of each 32 bytes: its stamp, or its digest. */
  readonly learned: ArrayBufferLike;
  /** Two numbers of each: of `stat` its mode and how many names it has. */
  readonly marks: Int32Array;
  /** Of `stat and hash`: of each 32 bytes, its digest. */
  readonly digests?: ArrayBufferLike;
}

/** Files below a folder, by their paths; for `hash` with their sizes. */
export interface FilesBelow {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly sizes?: readonly number[];
}

/** What is to be done with which files. */
type Asked = Pick<ManyFiles, 'task' | 'folder' | 'paths' | 'packed' | 'into'>;

/** Files that are being dealt with. */
interface Begun {
  readonly files: ManyFiles;
  /** Takes part in it, until none is left that nobody has taken. */
  readonly takePart: () => void;
}

/** Lists files for this thread and those beside it, which begin at once. */
function begin(asked: Asked, beside = besideThis(asked.paths.length), sizes: readonly number[] = []): Begun {
  const { length } = asked.paths;
  const files: ManyFiles = {
    ...asked,
    learned: beside.memory(length * STAMP_BYTES),
    marks: new Int32Array(beside.memory(length * 8)),
    control: new Int32Array(beside.memory(12)),
    ...(asked.task === 'stat and hash' ? { digests: beside.memory(length * DIGEST_BYTES) } : {}),
  };
  for (const [index, size] of sizes.entries()) files.marks[2 * index + 1] = Math.min(size, 0x7fffffff);
  return { files, takePart: beside.begin(files) };
}

/** Does here what no thread could do, or another one has not done. Throws what the system says of the first that refuses. */
function complete(files: ManyFiles): void {
  const { take, end } = learner(files);
  try {
    for (let index = 0; index < files.paths.length; index += 1) if (files.marks[2 * index] === 0) take(index);
  } finally {
    end();
  }
}

/**
 * Looks at files, a link itself: how each stands, or what it holds. Where they are many, several threads take them from one list; what another
 * one has not done when the list is through is done here. Throws what the system says of the first that cannot be looked at.
 */
export function lookAt(task: Look, { folder, paths, sizes }: FilesBelow): Learned {
  const { files, takePart } = begin({ task, folder, paths }, besideThis(paths.length), sizes);
  takePart();
  const { control, marks, learned, digests } = files;
  while (Atomics.load(control, BUSY) === 1 && Atomics.wait(control, BUSY, 1, PATIENCE) !== 'timed-out');
  // A copy: a thread that was given up may still write.
  const copies = (): Learned => ({
    marks: marks.slice(),
    learned: learned.slice(0),
    ...(digests === undefined ? {} : { digests: digests.slice(0) }),
  });
  const own: ManyFiles = learned instanceof ArrayBuffer ? files : { ...files, ...copies() };
  complete(own);
  return own;
}

/** Takes part in what was begun, and waits for others: for who cannot go on while they still work. */
function end({ files, takePart }: Begun): ManyFiles {
  takePart();
  const { control } = files;
  for (let [moved, idle] = [0, 0]; Atomics.load(control, BUSY) === 1 && Atomics.wait(control, BUSY, 1, PATIENCE) === 'timed-out'; ) {
    const now = Atomics.load(control, MOVED);
    idle = now === moved ? idle + 1 : 0;
    moved = now;
    if (idle > LONGEST) throw new Error('the thread that deals with many files does not move');
  }
  complete(files);
  return files;
}

const change = (asked: Asked): ManyFiles => end(begin(asked));

/** Removes files, as far as there are any; throws what the system says of the first that refuses. */
export function removeMany(folder: string, paths: readonly string[]): void {
  change({ task: 'remove', folder, paths });
}

/** Files that are made of what is packed. */
export interface Unpacked {
  /** How each stands, in their order. */
  readonly stamps: BigInt64Array;
  /** Those of which the packed bytes are not what they should be: there is no such file. */
  readonly wrong: readonly number[];
}

/** Makes read-only files in folders that are there, proving their bytes. Throws what the system says of the first that cannot be made. */
export function unpackMany(folder: string, paths: readonly string[], packed: Packed): Unpacked {
  const { learned, marks } = change({ task: 'unpack', folder, paths, packed });
  return { stamps: new BigInt64Array(learned), wrong: paths.flatMap((_, index) => (marks[2 * index] === WRONG ? [index] : [])) };
}

/** Whether files could be made of what is packed. */
export function areWhole(paths: readonly string[], packed: Packed): boolean {
  const { marks } = change({ task: 'prove', folder: '', paths, packed });
  return paths.every((_, index) => marks[2 * index] !== WRONG);
}

/** Bytes of files that are read before they are given on. */
const TOGETHER = 4 * 1024 * 1024;

/** Files that were read, whose bytes lie one after the other: they last until the next are asked for. */
export interface Read extends Contents {
  /** The number of the first of them. */
  readonly from: number;
  /** The SHA-256 of one of them, counted from the first; undefined where it has fewer bytes than was said. */
  readonly digestOf: (index: number) => string | undefined;
}

/** A file below a folder, of which so many bytes are to be read. */
interface ReadFile {
  readonly path: string;
  readonly size: number;
}

/** The numbers from which to which files are read together. */
function* groups(files: readonly ReadFile[]): Generator<{ readonly from: number; readonly to: number }> {
  let [from, bytes] = [0, 0];
  for (const [index, { size }] of files.entries()) {
    if (index > from && bytes + size > TOGETHER) {
      yield { from, to: index };
      [from, bytes] = [index, 0];
    }
    bytes += size;
  }
  if (from < files.length) yield { from, to: files.length };
}

/** Where files begin one after the other, and where the last one ends. */
function offsetsOf(files: readonly ReadFile[]): Float64Array {
  const offsets = new Float64Array(files.length + 1);
  for (const [index, { size }] of files.entries()) offsets[index + 1] = (offsets[index] ?? 0) + size;
  return offsets;
}

/** Lets others begin with files that are read together, those of one after those of another. */
function* beginReading(folder: string, files: readonly ReadFile[]): Generator<{ readonly from: number; readonly begun: Begun }> {
  const beside = besideThis(files.length);
  const most = Math.min(
    TOGETHER,
    files.reduce((sum, { size }) => sum + size, 0),
  );
  // While what is in one of them is dealt with, the other one is filled.
  const rooms = [0, 1].map(() => new Uint8Array(beside.memory(most)));
  for (const { from, to } of groups(files)) {
    const those = files.slice(from, to);
    const offsets = offsetsOf(those);
    const needed = offsets.at(-1) ?? 0;
    const [next = new Uint8Array()] = rooms.splice(0, 1);
    const room = next.length < needed ? new Uint8Array(beside.memory(needed)) : next;
    rooms.push(room);
    const asked: Asked = { task: 'read', folder, paths: those.map(({ path }) => path), into: { bytes: room.subarray(0, needed), offsets } };
    yield { from, begun: begin(asked, beside) };
  }
}

/**
 * Reads small files in their order, as many of their bytes as they are said to have, some of them together: while those are dealt with, others
 * read on.
 */
export function* readMany(folder: string, files: readonly ReadFile[]): Generator<Read> {
  const parts = beginReading(folder, files);
  for (let now = parts.next(); now.done !== true; ) {
    const { from, begun } = now.value;
    const { marks, learned, into } = end(begun);
    const digests = Buffer.from(learned);
    now = parts.next();
    if (into !== undefined)
      yield { ...into, from, digestOf: (index) => (marks[2 * index] === WRONG ? undefined : digestAt(digests, index)) };
  }
}
