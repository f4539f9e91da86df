import { createHash } from 'node:crypto';
import { writeAll } from '../../files/write-all.ts';
import { chmodSync, closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hashFile } from '../../files/hash.ts';
import type { ManifestEntry } from '../../model/artifact.ts';
import type { FoundFile } from './folders.ts';

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

function openNew(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'wx', 0o600);
}

/**
 * Takes the files apart that lie one after the other in one, as read-only files of a folder, or only looks at them where none is given; false
 * as soon as one is not what its entry says.
 */
export function unpackFiles(pack: string, entries: readonly ManifestEntry[], folder?: string): boolean {
  const descriptor = openSync(pack, 'r');
  const piece = Buffer.allocUnsafe(PIECE);
  const unpackOne = ({ path, size, digest, executable }: ManifestEntry): boolean => {
    const file = folder === undefined ? undefined : join(folder, path);
    const target = file === undefined ? undefined : openNew(file);
    const hash = createHash('sha256');
    try {
      for (let left = size; left > 0; ) {
        const read = readSync(descriptor, piece, 0, Math.min(left, PIECE), null);
        if (read === 0) return false;
        hash.update(piece.subarray(0, read));
        for (let at = 0; target !== undefined && at < read; ) at += writeSync(target, piece, at, read - at);
        left -= read;
      }
    } finally {
      if (target !== undefined) closeSync(target);
    }
    if (file !== undefined) chmodSync(file, executable ? 0o555 : 0o444);
    return hash.digest('hex') === digest;
  };
  try {
    return entries.every(unpackOne);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes files one after the other into one; returns the path of the first that is not what its entry says, if any. */
export function packFiles(target: string, files: readonly FoundFile[], entries: readonly ManifestEntry[]): string | undefined {
  const descriptor = openSync(target, 'w');
  const write = (piece: Uint8Array): void => {
    writeAll(descriptor, piece);
  };
  try {
    return files.find((file, index) => hashFile(file.absolute, write) !== entries[index]?.digest)?.path;
  } finally {
    closeSync(descriptor);
  }
}
