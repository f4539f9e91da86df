import { availableParallelism } from 'node:os';
import { addon } from './addon.ts';
import { lookThrough, type ManyFiles } from './many-work.ts';
import { otherThread } from './other-thread.ts';

/** Who deals with files beside this thread. */
export interface Beside {
  /** So much memory that they see too. */
  readonly memory: (bytes: number) => ArrayBufferLike;
  /** Lets them begin with files; what it returns takes part in it, until none is left that nobody has taken. */
  readonly begin: (files: ManyFiles) => () => void;
}

/** From so many files on it pays to have the addon deal with them, and without it another thread of Node. */
const [MANY_FOR_ADDON, MANY] = [200, 4000] as const;

/** Threads that deal with the same files, at most: more stand in each other's way. */
const THREADS = 4;

/** Says that many files will be dealt with soon: a thread of Node takes as long to start as ten thousand files. */
export function expectMany(count: number): void {
  if (count >= MANY && addon() === undefined) otherThread();
}

/** Who deals with so many files: threads of the addon that set-up compiles, or else another one of Node. */
export function besideThis(count: number): Beside {
  const compiled = count >= MANY_FOR_ADDON ? addon() : undefined;
  if (compiled !== undefined)
    return {
      memory: (bytes) => new ArrayBuffer(bytes),
      begin(files) {
        const threads = Math.min(availableParallelism(), THREADS) - 1;
        const begun = compiled.begin(files, files.paths.join('\0'), (files.packed?.packs ?? []).join('\0'), threads);
        return () => (begun === undefined ? lookThrough(files) : compiled.end(begun));
      },
    };
  const other = count >= MANY ? otherThread() : undefined;
  return {
    memory: (bytes) => (other === undefined ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes)),
    begin(files) {
      other?.postMessage({ ...files, paths: files.paths.join('\0') });
      return () => lookThrough(files);
    },
  };
}
