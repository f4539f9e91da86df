import { createHash } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';
import { ifPossible } from './durable.ts';
import { readJson } from './json.ts';
import { withPath } from './with-path.ts';
import { inFolder } from './folder.ts';
import { type Lease, Leases } from './leases.ts';

/**
 * A lock on a file: a kernel lock, which whoever inherits the descriptor holds too, until all of them are gone; or a lease, which this process
 * holds alone.
 */
export interface FileLock {
  readonly descriptor: number;
  readonly path: string;
  readonly isInherited: boolean;
  release(): void;
}

/** A part of a file, as it stands at the end of a lock's path: 16 hexadecimal digits, of which the first twelve give its place. */
const PART = /#([0-9a-f]{12})[0-9a-f]{4}$/;

/**
 * The path of a lock on a part of a file, which has a name: as a digest's first digits, or made from it. What is locked by parts needs no file
 * of its own for each lock: to make one takes some disks longer than all else.
 */
export function lockPart(file: string, name: string): string {
  const digits = name.slice(0, 16);
  return `${file}#${/^[0-9a-f]{16}$/.test(digits) ? digits : createHash('sha256').update(digits).digest('hex').slice(0, 16)}`;
}

/** The file that a lock's path leads to, and what of it is locked: a byte, or all of it. */
function placeOf(path: string): { readonly file: string; readonly offset: number; readonly length: number } {
  const part = PART.exec(path);
  if (part === null) return { file: path, offset: 0, length: 0 };
  return { file: path.slice(0, part.index), offset: Number.parseInt(part[1] as string, 16), length: 1 };
}

/** Milliseconds between two tries, and the most between two of a lease, which asks a server. */
const PAUSE = 50;
const LONGEST_PAUSE = 1000;

/** Folders below which locks are leases. */
const leased = new Map<string, Leases>();

/** From now on locks on files below a folder are leases, which lie in a folder of their own. */
export function useLeases(root: string, folder: string): Leases {
  const leases = leased.get(root) ?? new Leases(folder);
  leased.set(root, leases);
  return leases;
}

/** Whether locks on files below a folder are leases: several machines may share it. */
export function usesLeases(folder: string): boolean {
  return leasesFor(`${folder}${sep}`) !== undefined;
}

/** The leases that take the place of kernel locks on a file, and what it is called among them. */
function leasesFor(path: string): { readonly leases: Leases; readonly name: string } | undefined {
  for (const [root, leases] of leased) if (path.startsWith(root + sep)) return { leases, name: relative(root, path) };
  return undefined;
}

/**
 * Opens and locks a file in one go; undefined where another holds it. A lock file that was removed meanwhile is opened anew. To share the
 * lock of a file that is there, it need not be writable.
 */
export function tryLockFile(path: string, shared = false): FileLock | undefined {
  const found = leasesFor(path);
  if (found !== undefined) return leasedFile(path, found.leases.take(found.name, shared), shared);
  const { file } = placeOf(path);
  for (;;) {
    const descriptor = openForLock(file, shared);
    let isHeld = false;
    try {
      if (!locked(path, descriptor, shared)) return undefined;
      isHeld = statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino;
      if (isHeld) return { descriptor, path, isInherited: true, release: () => closeSync(descriptor) };
    } finally {
      if (!isHeld) closeSync(descriptor);
    }
  }
}

/** A file whose lease was taken, opened. */
function leasedFile(path: string, lease: Lease | undefined, shared: boolean): FileLock | undefined {
  if (lease === undefined) return undefined;
  try {
    const descriptor = openForLock(placeOf(path).file, shared);
    const release = (): void => {
      closeSync(descriptor);
      lease.release();
    };
    return { descriptor, path, isInherited: false, release };
  } catch (error) {
    lease.release();
    throw error;
  }
}

function openForLock(path: string, shared: boolean): number {
  if (shared && existsSync(path)) return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return inFolder(path, () => openSync(path, 'a+'));
}

/** Takes the lock of an open file; false where another holds it. */
function locked(path: string, descriptor: number, shared: boolean): boolean {
  const { offset, length } = placeOf(path);
  return withPath(path, () => {
    try {
      return tryLock(descriptor, offset, length, { shared });
    } catch (error) {
      throw Object.assign(error as Error, { syscall: 'lock' });
    }
  });
}

/** As `tryLockFile`, but waits until the lock is free; undefined if the signal comes first. */
export async function lockFile(path: string, signal: AbortSignal, shared = false): Promise<FileLock | undefined> {
  const longest = leasesFor(path) === undefined ? PAUSE : LONGEST_PAUSE;
  for (let time = PAUSE; !signal.aborted; time = Math.min(2 * time, longest)) {
    const lock = tryLockFile(path, shared);
    if (lock !== undefined) return lock;
    await pause(time, signal);
  }
  return undefined;
}

/** Lets others inherit a lock that was taken alone, where it can be; whoever wants it alone waits for all of them. */
export function shareLock<Taken extends FileLock | undefined>(lock: Taken): Taken {
  if (lock?.isInherited === true) locked(lock.path, lock.descriptor, true);
  return lock;
}

/** Sleeps for so many milliseconds, or until the signal comes. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** Whether anyone holds the lock of a file. */
export function isLocked(path: string): boolean {
  const found = leasesFor(path);
  if (found !== undefined) return found.leases.isHeld(found.name);
  let descriptor: number;
  try {
    descriptor = openSync(placeOf(path).file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const isFree = locked(path, descriptor, true);
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
  return note === undefined || (leasesFor(path) === undefined && !lives(note.pid)) ? undefined : note;
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
