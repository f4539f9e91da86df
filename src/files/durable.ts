import { randomBytes } from 'node:crypto';
import { writeAll } from './write-all.ts';
import { closeSync, constants, fsync, fsyncSync, lstatSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { withPath } from './with-path.ts';
import { makeFolders } from './folder.ts';

/** What ends the name of a file that is being written, and of what a kill left of one. */
const PART = /\.[0-9a-f]{12}\.part$/;

/** Whether a name is that of a file that was never written to its end. */
export function isPart(name: string): boolean {
  return PART.test(name);
}

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  withPath(folder, () => {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Makes a file's bytes durable. */
export function syncFile(path: string): void {
  syncFolder(path);
}

/** Makes files' bytes, and the names in folders, durable in other threads, while this one goes on. */
export async function syncBeside(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map(syncOneBeside));
}

function syncOneBeside(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const descriptor = openSync(path, 'r');
    fsync(descriptor, (error) => {
      closeSync(descriptor);
      if (error === null) resolve();
      else reject(Object.assign(error, { path }));
    });
  });
}

/** Makes a file's bytes and its name durable. */
export function syncNamed(path: string): void {
  syncFile(path);
  syncFolder(dirname(path));
}

/** Makes all that is at or below a path durable, whoever wrote it. Links are left alone, and files that may not be read. */
export function syncTree(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) for (const name of readdirSync(path)) syncTree(join(path, name));
  else if (stats?.isFile() !== true) return;
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a folder where there is none, with those above it; new ones are durable. */
export function makeFolder(folder: string): void {
  const first = makeFolders(folder);
  if (first === undefined) return;
  const top = dirname(resolve(first));
  let at = resolve(folder);
  do {
    at = dirname(at);
    syncFolder(at);
  } while (at.length > top.length);
}

/** Removes a file, if there is one, so that it does not come back after a power cut. */
export function removeDurably(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}

/** A name beside the place of a file, under which it is written. */
function temporaryOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.part`;
}

/** Removes a file that was not written to its end. A disk that refuses this as well keeps it, until the next gc. */
function dropUnfinished(temporary: string): void {
  ifPossible(() => rmSync(temporary, { force: true }));
}

/** Writes a file beside its place and renames it. */
function writeByRename(path: string, data: string | Uint8Array, isDurable: boolean): void {
  if (isDurable) makeFolder(dirname(path));
  else makeFolders(dirname(path));
  const temporary = temporaryOf(path);
  try {
    withPath(path, () => writeNew(temporary, data, isDurable));
    renameSync(temporary, path);
  } catch (error) {
    dropUnfinished(temporary);
    throw error;
  }
  if (isDurable) syncFolder(dirname(path));
}

function writeNew(path: string, data: string | Uint8Array, isDurable: boolean): void {
  const descriptor = openSync(path, 'wx', 0o644);
  try {
    writeAll(descriptor, typeof data === 'string' ? Buffer.from(data) : data);
    if (isDurable) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a file so that it is seen either whole or not at all, even after a power cut. */
export function writeDurably(path: string, data: string | Uint8Array): void {
  writeByRename(path, data, true);
}

/** The same while this thread goes on: the file is seen, and will be after a power cut, when this ends. */
export async function writeDurablyBeside(path: string, data: string | Uint8Array): Promise<void> {
  makeFolder(dirname(path));
  const temporary = temporaryOf(path);
  try {
    withPath(path, () => writeNew(temporary, data, false));
    await syncOneBeside(temporary);
    renameSync(temporary, path);
  } catch (error) {
    dropUnfinished(temporary);
    throw error;
  }
  await syncOneBeside(dirname(path));
}

/**
 * Writes a file so that other processes see it either whole or not at all. A power cut may lose or damage it: for what can be made again
 * and carries a seal.
 */
export function writeWhole(path: string, data: string | Uint8Array): void {
  writeByRename(path, data, false);
}

/**
 * Does what only spares work later, such as writing what can be made again at any time, and returns what that returns: where the system refuses it,
 * nothing is lost, it is not done, and this is undefined.
 */
export function ifPossible<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (!isOfSystem(error)) throw error;
    return undefined;
  }
}

/** Whether the system refused something: anything else that is thrown is a bug. */
export function isOfSystem(error: unknown): boolean {
  const { code, errno } = error as NodeJS.ErrnoException;
  return error instanceof Error && (errno !== undefined || /^(?:E[A-Z0-9]+|Unknown system error -\d+)$/.test(code ?? ''));
}
