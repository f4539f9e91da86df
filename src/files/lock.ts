import { closeSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';

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
export async function lockFile(
  path: string,
  signal: AbortSignal,
  { onWait, shared = false }: { readonly onWait?: () => void; readonly shared?: boolean } = {},
): Promise<FileLock | undefined> {
  let waiting = false;
  while (!signal.aborted) {
    const lock = tryLockFile(path, shared);
    if (lock !== undefined) return lock;
    if (!waiting) onWait?.();
    waiting = true;
    await sleep(PAUSE);
  }
  return undefined;
}
