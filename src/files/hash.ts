import { createHash, hash as hashOnce } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { withPath } from './with-path.ts';

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/** Reused: a folder of many small files is hashed without memory for each. */
let buffer: Buffer | undefined;

/**
 * Reads from where an open file stands until a buffer is full or the file ends; returns how many bytes that were. With the file's size, where
 * that is known, it is not asked for more once so many have come.
 */
export function readFull(descriptor: number, into: Uint8Array, size?: number): number {
  let filled = 0;
  do {
    const read = readSync(descriptor, into, filled, into.length - filled, null);
    if (read === 0) break;
    filled += read;
  } while (filled < into.length && filled !== size);
  return filled;
}

/**
 * SHA-256 of a file of any size, read in pieces; `take` is given each of them, and must not keep it. Whoever knows the size of a small file
 * spares the question whether more of it follows.
 */
export function hashFile(path: string, take?: (piece: Uint8Array) => void, size?: number): string {
  return withPath(path, () => {
    const descriptor = openSync(path, 'r');
    try {
      return hashPieces(descriptor, take, size);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Not through a link, and without waiting for who writes into a pipe. */
const JUST_THIS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** How a file stands, and the SHA-256 of what it holds then, where it is a plain one. */
export function statAndHash(path: string): { readonly stats: BigIntStats; readonly digest: string | undefined } {
  return withPath(path, () => {
    const descriptor = openSync(path, JUST_THIS);
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      return { stats, digest: stats.isFile() ? hashPieces(descriptor, undefined, Number(stats.size)) : undefined };
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Reads as many bytes of a file as there is room for; returns their SHA-256, undefined where the file has fewer. */
export function readHashed(path: string, room: Uint8Array): string | undefined {
  return withPath(path, () => {
    const descriptor = openSync(path, 'r');
    try {
      return readFull(descriptor, room, room.length) < room.length ? undefined : hashOnce('sha256', room);
    } finally {
      closeSync(descriptor);
    }
  });
}

function hashPieces(descriptor: number, take?: (piece: Uint8Array) => void, size?: number): string {
  buffer ??= Buffer.allocUnsafeSlow(PIECE);
  let piece = buffer.subarray(0, readFull(descriptor, buffer, size));
  if (piece.length < PIECE) {
    if (piece.length > 0) take?.(piece);
    return hashOnce('sha256', piece);
  }
  const hash = createHash('sha256');
  while (piece.length > 0) {
    hash.update(piece);
    take?.(piece);
    piece = buffer.subarray(0, readFull(descriptor, buffer));
  }
  return hash.digest('hex');
}
