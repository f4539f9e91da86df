import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';
import { ifPossible } from './durable.ts';
import { readJson } from './json.ts';
import { withPath } from './with-path.ts';
import { makeFolders } from './folder.ts';

/** A kernel lock on a file. Whoever inherits the descriptor holds it too, until all of them are gone. */
export interface FileLock {
  readonly descriptor: number;
  readonly path: string;
  release(): void;
}

/** Milliseconds between two tries. */
const PAUSE = 50;

/**
 * Opens and locks a file in one go; undefined where another holds it. A lock file that was removed meanwhile is opened anew. To share the
 * lock of a file that is there, it need not be writable.
 */
export function tryLockFile(path: string, shared = false): FileLock | undefined {
  for (;;) {
    const descriptor = openForLock(path, shared);
    let isHeld = false;
    try {
      if (!withPath(path, () => locked(descriptor, shared))) return undefined;
      isHeld = statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino;
      if (isHeld) return { descriptor, path, release: () => closeSync(descriptor) };
    } finally {
      if (!isHeld) closeSync(descriptor);
    }
  }
}

function openForLock(path: string, shared: boolean): number {
  if (shared && existsSync(path)) return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return openSync(path, 'a+');
  } catch (error) {
    // Its folder is nearly always there.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolders(dirname(path));
    return openSync(path, 'a+');
  }
}

/** Takes the lock of an open file; false where another holds it. */
function locked(descriptor: number, shared: boolean): boolean {
  try {
    return tryLock(descriptor, { shared });
  } catch (error) {
    throw Object.assign(error as Error, { syscall: 'lock' });
  }
}

/** As `tryLockFile`, but waits until the lock is free; undefined if the signal comes first. */
export async function lockFile(path: string, signal: AbortSignal, shared = false): Promise<FileLock | undefined> {
  while (!signal.aborted) {
    const lock = tryLockFile(path, shared);
    if (lock !== undefined) return lock;
    await pause(PAUSE, signal);
  }
  return undefined;
}

/** Lets others share a lock that was taken alone; whoever wants it alone waits for all of them. */
export function shareLock<Taken extends FileLock | undefined>(lock: Taken): Taken {
  if (lock !== undefined) withPath(lock.path, () => locked(lock.descriptor, true));
  return lock;
}

/** Sleeps for so many milliseconds, or until the signal comes. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** Whether anyone holds the lock of a file. */
export function isLocked(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const isFree = tryLock(descriptor, { shared: true });
  closeSync(descriptor);
  return !isFree;
}

/** Writes into a locked file who holds it, in place of what stood there: where the disk takes it, since it is only told to those who wait. */
export function noteHolder({ descriptor }: FileLock, note: { readonly pid: number }): void {
  ifPossible(() => {
    ftruncateSync(descriptor);
    writeSync(descriptor, JSON.stringify(note));
  });
}

/** What the holder of a lock wrote about itself; undefined where no one holds it, or the one who wrote it is gone. */
export function holderOf<Note extends { readonly pid: number }>(
  path: string,
  isShape: (value: unknown) => value is Note,
): Note | undefined {
  const note = isLocked(path) ? readJson(path, isShape) : undefined;
  return note === undefined || !lives(note.pid) ? undefined : note;
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
