import { lstatSync } from 'node:fs';
import { hashFile } from './hash.ts';
import { putStamp, STAMP_BYTES } from './stamp.ts';

/** What is to be learned of many files: how each stands, links themselves; or what each holds. */
export type Look = 'stat' | 'hash';

/** Files to look at, and what is learned of them, in memory that two threads may see. */
export interface ManyFiles {
  readonly look: Look;
  /** What all paths are below. */
  readonly folder: string;
  readonly paths: readonly string[];
  /** Of each 32 bytes: its stamp, or its digest. */
  readonly learned: ArrayBufferLike;
  /** Two of each file; the first is 0 until it was looked at. Of `stat` its mode and how many names it has; of `hash` 1 and, from the start, its size. */
  readonly marks: Int32Array;
  /** `NEXT` and `BUSY`. */
  readonly control: Int32Array;
}

/** Where in `control` the first file stands that no thread has taken yet. */
const NEXT = 0;

/** Where in `control` it stands whether the other thread is at work. */
export const BUSY = 1;

/** Files that a thread takes at once. */
const BATCH = 256;

/** Looks at files that no other thread has taken, until none is left. Those that cannot be looked at are left out. */
export function lookThrough(files: ManyFiles): void {
  const { paths, control } = files;
  const learn = learner(files);
  for (let from = Atomics.add(control, NEXT, BATCH); from < paths.length; from = Atomics.add(control, NEXT, BATCH)) {
    const end = Math.min(from + BATCH, paths.length);
    for (let index = from; index < end; index += 1) {
      try {
        learn(index);
      } catch {
        // Who asked looks at it once more, and is told why it cannot be done.
      }
    }
  }
}

/** A function that looks at one of the files. It throws what the system says. */
export function learner({ look, folder, paths, learned, marks }: ManyFiles): (index: number) => void {
  const digests = Buffer.from(learned);
  const stamps = new BigInt64Array(learned);
  const pathOf = (index: number): string => `${folder}/${paths[index]}`;
  const learnDigest = (index: number): void => {
    digests.write(hashFile(pathOf(index), undefined, marks[2 * index + 1]), index * STAMP_BYTES, 'hex');
    Atomics.store(marks, 2 * index, 1);
  };
  const learnStamp = (index: number): void => {
    const stats = lstatSync(pathOf(index), { bigint: true });
    putStamp(stamps, index, stats);
    marks[2 * index + 1] = Number(stats.nlink);
    Atomics.store(marks, 2 * index, Number(stats.mode));
  };
  return look === 'stat' ? learnStamp : learnDigest;
}
