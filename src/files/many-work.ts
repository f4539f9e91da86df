import { type BigIntStats, lstatSync } from 'node:fs';
import { DIGEST_BYTES } from './digests.ts';
import { hashFile, readHashed, statAndHash } from './hash.ts';
import { removeFile } from './remove-file.ts';
import { putStamp, STAMP_BYTES } from './stamp.ts';
import { type Packed, Unpacker } from './unpacker.ts';

/** What is to be learned of many files: how each stands, links themselves; what each holds; or, of plain files, both at once. */
export type Look = 'stat' | 'hash' | 'stat and hash';

/** What is to be done with many files: to look at them, to read them, to remove them, to make them of what is packed, or only to prove that they could be. */
export type Task = Look | 'read' | 'remove' | 'unpack' | 'prove';

/** Files to do something with, and what is learned of them, in memory that several threads may see. */
export interface ManyFiles {
  readonly task: Task;
  /** What all paths are below. */
  readonly folder: string;
  readonly paths: readonly string[];
  /** Of each 32 bytes: its stamp, or its digest. */
  readonly learned: ArrayBufferLike;
  /**
   * Two of each file; the first is 0 until it was dealt with. Of `stat` its mode and how many names it has, with `hash` too; of `hash` alone 1 and,
   * from the start, its size; of others 1, or `WRONG`.
   */
  readonly marks: Int32Array;
  /** `NEXT`, `BUSY` and `MOVED`. */
  readonly control: Int32Array;
  /** Of `unpack` and `prove`: what the files are made of. */
  readonly packed?: Packed;
  /** Of `stat and hash`: of each 32 bytes, its digest. */
  readonly digests?: ArrayBufferLike;
  /** Of `read`: where their bytes are put, one after the other. */
  readonly into?: Contents;
}

/** Room for the bytes of files that lie one after the other. */
export interface Contents {
  readonly bytes: Uint8Array;
  /** Where each begins, and where the last one ends. */
  readonly offsets: Float64Array;
}

/** Where in `control` the first file stands that no thread has taken yet. */
const NEXT = 0;

/** Where in `control` it stands whether the other thread is at work. */
export const BUSY = 1;

/** Where in `control` it stands how many files were dealt with: as long as that grows, the other thread lives. */
export const MOVED = 2;

/** The mark of a file of which the packed bytes are not what they are taken for, or that has fewer bytes than it is said to have. */
export const WRONG = 2;

/** Files that a thread takes at once, at most; each of two comes to its turn a few times. */
const BATCH = 256;
const TURNS = 16;

/** Does the task with files that no other thread has taken, until none is left. Those with which it cannot be done are left out. */
export function lookThrough(files: ManyFiles): void {
  const { paths, control } = files;
  const batch = Math.max(1, Math.min(BATCH, Math.floor(paths.length / TURNS)));
  const { take, end } = learner(files);
  try {
    for (let from = Atomics.add(control, NEXT, batch); from < paths.length; from = Atomics.add(control, NEXT, batch)) {
      const last = Math.min(from + batch, paths.length);
      for (let index = from; index < last; index += 1) {
        try {
          take(index);
        } catch {
          // Who asked tries it once more, and is told why it cannot be done.
        }
        Atomics.add(control, MOVED, 1);
      }
    }
  } finally {
    end();
  }
}

/** Does the task with one file after the other. */
export interface Learner {
  /** Throws what the system says. */
  readonly take: (index: number) => void;
  /** Lets go of what was opened. */
  readonly end: () => void;
}

/** What does a task with files one by one. */
export function learner(files: ManyFiles): Learner {
  const { task, folder, paths, learned, marks, packed, into } = files;
  const pathOf = (index: number): string => `${folder}/${paths[index]}`;
  const setMark = (index: number, mark: number): void => void Atomics.store(marks, 2 * index, mark);
  if (packed !== undefined) {
    const unpacker = new Unpacker(packed, new BigInt64Array(learned));
    const isTaken = (index: number): boolean => (task === 'prove' ? unpacker.isWhole(index) : unpacker.isPut(index, pathOf(index)));
    return { take: (index) => setMark(index, isTaken(index) ? 1 : WRONG), end: () => unpacker.close() };
  }
  const digests = Buffer.from(learned);
  const held = Buffer.from(files.digests ?? new ArrayBuffer(0));
  const stamps = new BigInt64Array(learned);
  const noteStats = (index: number, stats: BigIntStats): void => {
    putStamp(stamps, index, stats);
    marks[2 * index + 1] = Number(stats.nlink);
    setMark(index, Number(stats.mode));
  };
  const takes: Record<Exclude<Task, 'unpack' | 'prove'>, (index: number) => void> = {
    read(index) {
      const [from, to] = into?.offsets.subarray(index, index + 2) ?? [];
      const digest = readHashed(pathOf(index), into?.bytes.subarray(from, to) ?? new Uint8Array());
      digests.write(digest ?? '', index * STAMP_BYTES, 'hex');
      setMark(index, digest === undefined ? WRONG : 1);
    },
    hash(index) {
      digests.write(hashFile(pathOf(index), undefined, marks[2 * index + 1]), index * STAMP_BYTES, 'hex');
      setMark(index, 1);
    },
    stat(index) {
      noteStats(index, lstatSync(pathOf(index), { bigint: true }));
    },
    'stat and hash'(index) {
      const { stats, digest = '' } = statAndHash(pathOf(index));
      held.write(digest, index * DIGEST_BYTES, 'hex');
      noteStats(index, stats);
    },
    remove(index) {
      removeFile(pathOf(index));
      setMark(index, 1);
    },
  };
  return { take: takes[task as keyof typeof takes], end: () => undefined };
}
