import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';
import { readJson } from './json.ts';

/** A kernel lock on a file. Whoever inherits the descriptor holds it too, until all of them are gone. */
export interface FileLock {
  readonly descriptor: number;
  release(): void;
}

/** Milliseconds between two tries. */
const PAUSE = 50;

/** Opens and locks a file in one go; undefined where another holds it. A lock file that was removed meanwhile is opened anew. */
export function tryLockFile(path: string, shared = false): FileLock | undefined {
  for (;;) {
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, 'a+');
    if (!tryLock(descriptor, { shared })) {
      closeSync(descriptor);
      return undefined;
    }
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino)
      return { descriptor, release: () => closeSync(descriptor) };
    closeSync(descriptor);
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

/** Sleeps for so many milliseconds, or until the signal comes. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** Whether anyone holds the lock of a file. */
export function isLocked(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const isFree = tryLock(descriptor, { shared: true });
  closeSync(descriptor);
  return !isFree;
}

/** Writes into a locked file who holds it, in place of what stood there. */
export function noteHolder({ descriptor }: FileLock, note: { readonly pid: number }): void {
  ftruncateSync(descriptor);
  writeSync(descriptor, JSON.stringify(note));
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
