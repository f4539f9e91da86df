import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { withPath } from './with-path.ts';

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/** Reused: a folder of many small files is hashed without memory for each. */
let buffer: Buffer | undefined;

/** SHA-256 of a file of any size, read in pieces; `take` is given each of them, and must not keep it. */
export function hashFile(path: string, take?: (piece: Uint8Array) => void): string {
  return withPath(path, () => hashPieces(path, take));
}

function hashPieces(path: string, take?: (piece: Uint8Array) => void): string {
  const hash = createHash('sha256');
  buffer ??= Buffer.allocUnsafeSlow(PIECE);
  const descriptor = openSync(path, 'r');
  try {
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer)) {
      const piece = buffer.subarray(0, read);
      hash.update(piece);
      take?.(piece);
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}
