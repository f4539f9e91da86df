import { closeSync, fdatasyncSync, lstatSync, openSync, statfsSync, utimesSync } from 'node:fs';
import { ifPossible } from './durable.ts';
import { fileStamp, isFresh, TICK_NS } from './stamp.ts';

/**
 * Kinds of file systems, by the number that statfs gives, that move a file's ctime with whatever changes its bytes: a write, another length, a
 * hole, and the first store through a mapping into a page that was on the disk. Memory file systems do not tell of the last.
 */
const KINDS: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
]);

/** Whether a settled file (`settle`) that stands as it did has the bytes that it had. */
export function tellsOfChanges(path: string): boolean {
  return ifPossible(() => KINDS.has(statfsSync(path).type)) === true;
}

const asleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * Sees to it that all changes of files, from now on, show in their ctimes, where their file system tells of changes. The tick of the clock in
 * which the last of them changed has to be over: a second change within it could not be told from the first. And their pages have to be on
 * the disk: then no one has one mapped for writing, and the next store into one is seen by the kernel.
 */
export function settle(paths: readonly string[], lastChangeNs: bigint): void {
  if (!tellsOfChanges(paths[0] ?? '')) return;
  const since = BigInt(Date.now()) * 1_000_000n - lastChangeNs;
  const left = since < 0n ? TICK_NS : TICK_NS - since;
  if (left > 0n) Atomics.wait(asleep, 0, 0, Number(left) / 1e6);
  for (const path of paths) {
    const descriptor = openSync(path, 'r');
    try {
      fdatasyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}

/**
 * The stamps of files, in their order; undefined as long as a change of one might not show in its stamp. It shows once the tick of the clock in
 * which the last of them changed is over: what is changed now, a folder beside them, has a later ctime then.
 */
export function settledStamps(paths: readonly string[], beside: string): string[] | undefined {
  const found = paths.flatMap((path) => lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? []);
  const isFreshOne = found.some((stats) => isFresh(stats, Date.now(), TICK_NS));
  const now = isFreshOne ? touched(beside) : undefined;
  const isSettled = !isFreshOne || (now !== undefined && found.every(({ ctimeNs }) => ctimeNs < now));
  return isSettled && found.length === paths.length ? found.map(fileStamp) : undefined;
}

/** Changes the status of a folder, and nothing else of it; returns when that was, in nanoseconds, or undefined where it cannot be changed. */
function touched(folder: string): bigint | undefined {
  return ifPossible(() => {
    const { atime, mtime } = lstatSync(folder);
    utimesSync(folder, atime, mtime);
    return lstatSync(folder, { bigint: true }).ctimeNs;
  });
}
