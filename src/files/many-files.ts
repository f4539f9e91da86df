import { BUSY, learner, type Look, lookThrough, type ManyFiles, MOVED, WRONG } from './many-work.ts';
import { otherThread } from './other-thread.ts';
import { STAMP_BYTES } from './stamp.ts';
import type { Packed } from './unpacker.ts';

/** From so many files on it pays to deal with them in two threads. */
const MANY = 4000;

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
}

/** Says that many files will be looked at soon: a thread takes as long to start as ten thousand files. */
export function expectMany(count: number): void {
  if (count >= MANY) otherThread();
}

/** Files below a folder, by their paths; for `hash` with their sizes. */
export interface FilesBelow {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly sizes?: readonly number[];
}

/** What is to be done with which files. */
type Asked = Pick<ManyFiles, 'task' | 'folder' | 'paths' | 'packed'>;

/** Gives files to two threads, which take them from one list, where they are many; the numbers are the second mark of each. */
function share(asked: Asked, numbers: readonly number[] = []): ManyFiles & { readonly isShared: boolean } {
  const { paths } = asked;
  const other = paths.length >= MANY ? otherThread() : undefined;
  const memory = (bytes: number): ArrayBufferLike => (other === undefined ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes));
  const files: ManyFiles = {
    ...asked,
    learned: memory(paths.length * STAMP_BYTES),
    marks: new Int32Array(memory(paths.length * 8)),
    control: new Int32Array(memory(12)),
  };
  for (const [index, number] of numbers.entries()) files.marks[2 * index + 1] = Math.min(number, 0x7fffffff);
  other?.postMessage({ ...files, paths: paths.join('\0') });
  lookThrough(files);
  return { ...files, isShared: other !== undefined };
}

/** Does here what neither thread could do, or the other one has not done. Throws what the system says of the first that refuses. */
function complete(files: ManyFiles): void {
  const { take, end } = learner(files);
  try {
    for (let index = 0; index < files.paths.length; index += 1) if (files.marks[2 * index] === 0) take(index);
  } finally {
    end();
  }
}

/**
 * Looks at files, a link itself: how each stands, or what it holds. Where they are many, two threads take them from one list; what the other
 * one has not done when the list is through is done here. Throws what the system says of the first that cannot be looked at.
 */
export function lookAt(task: Look, { folder, paths, sizes }: FilesBelow): Learned {
  const { isShared, ...files } = share({ task, folder, paths }, sizes);
  const { control, marks, learned } = files;
  while (Atomics.load(control, BUSY) === 1 && Atomics.wait(control, BUSY, 1, PATIENCE) !== 'timed-out');
  // A copy: a thread that was given up may still write.
  const own: ManyFiles = isShared ? { ...files, marks: marks.slice(), learned: learned.slice(0) } : files;
  complete(own);
  return own;
}

/** The same with what changes files: nobody goes on before the other thread has ended. */
function change(asked: Asked): ManyFiles {
  const files = share(asked);
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
