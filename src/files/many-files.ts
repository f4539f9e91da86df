import { BUSY, learner, type Look, lookThrough, type ManyFiles } from './many-work.ts';
import { otherThread } from './other-thread.ts';
import { STAMP_BYTES } from './stamp.ts';

/** From so many files on it pays to look at them in two threads. */
const MANY = 4000;

/** Milliseconds without a sign of the other thread after which it is no longer waited for. */
const PATIENCE = 2000;

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

/**
 * Looks at files, a link itself: how each stands, or what it holds. Where they are many, two threads take them from one list; what the other
 * one has not done when the list is through is done here. Throws what the system says of the first that cannot be looked at.
 */
export function lookAt(look: Look, { folder, paths, sizes = [] }: FilesBelow): Learned {
  const other = paths.length >= MANY ? otherThread() : undefined;
  const memory = (bytes: number): ArrayBufferLike => (other === undefined ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes));
  const files: ManyFiles = {
    look,
    folder,
    paths,
    learned: memory(paths.length * STAMP_BYTES),
    marks: new Int32Array(memory(paths.length * 8)),
    control: new Int32Array(memory(8)),
  };
  const { marks, control } = files;
  for (const [index, size] of sizes.entries()) marks[2 * index + 1] = Math.min(size, 0x7fffffff);
  other?.postMessage({ ...files, paths: paths.join('\0') });
  lookThrough(files);
  while (Atomics.load(control, BUSY) === 1 && Atomics.wait(control, BUSY, 1, PATIENCE) !== 'timed-out');
  // A copy: a thread that was given up may still write.
  const own: ManyFiles = other === undefined ? files : { ...files, marks: marks.slice(), learned: files.learned.slice(0) };
  const learn = learner(own);
  for (let index = 0; index < paths.length; index += 1) if (own.marks[2 * index] === 0) learn(index);
  return own;
}
