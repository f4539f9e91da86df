import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Makes the names in a folder durable. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a file's bytes durable. */
export function syncFile(path: string): void {
  syncFolder(path);
}

/** Writes a file beside its place and renames it. */
function writeByRename(path: string, data: string | Uint8Array, isDurable: boolean): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`;
  const descriptor = openSync(temporary, 'wx', 0o644);
  try {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    if (isDurable) fsyncSync(descriptor);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
  if (isDurable) syncFolder(dirname(path));
}

/** Writes a file so that it is seen either whole or not at all, even after a power cut. */
export function writeDurably(path: string, data: string | Uint8Array): void {
  writeByRename(path, data, true);
}

/**
 * Writes a file so that other processes see it either whole or not at all. A power cut may lose or damage it: for what can be made again,
 * read with `readJson`.
 */
export function writeWhole(path: string, data: string | Uint8Array): void {
  writeByRename(path, data, false);
}
