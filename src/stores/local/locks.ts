import { closeSync, fstatSync, mkdirSync, openSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';
import type { Lock } from '../../model/store.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';

/** Milliseconds between two tries. */
const PAUSE = 50;

/** Kinds of network file system whose locks cannot be trusted, by the number that statfs gives. */
const REMOTE: Readonly<Record<number, string>> = { 0x6969: 'NFS', 0x517b: 'SMB', 0xff534d42: 'CIFS', 0xfe534d42: 'SMB2', 0x01021997: '9P' };

/** Opens and locks a file in one go; undefined where another holds it. A lock file that was removed meanwhile is opened anew. */
export function tryLockFile(path: string, shared = false): Lock | undefined {
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
export async function lockFile(path: string, signal: AbortSignal, onWait: () => void, shared = false): Promise<Lock | undefined> {
  let waiting = false;
  while (!signal.aborted) {
    const lock = tryLockFile(path, shared);
    if (lock !== undefined) return lock;
    if (!waiting) onWait();
    waiting = true;
    await sleep(PAUSE);
  }
  return undefined;
}

/** Tries the file system's locks before a store is written to. */
export function probeLocks(root: string): Outcome<undefined> {
  const kind = REMOTE[statfsSync(root).type];
  const untrusted = (why: string): Outcome<undefined> =>
    failed({
      kind: 'store',
      code: 'store-without-locks',
      message: `the store ${root} cannot be written: ${why}`,
      hint: 'keep it on a local disk: --store FOLDER',
    });
  if (kind !== undefined) return untrusted(`its file system is ${kind}, whose locks cannot be trusted`);
  const path = join(root, 'locks', `probe-${process.pid}`);
  const first = tryLockFile(path);
  const second = tryLockFile(path);
  first?.release();
  second?.release();
  rmSync(path, { force: true });
  return first !== undefined && second === undefined ? done(undefined) : untrusted('its file system does not hold locks');
}
