import { closeSync, openSync } from 'node:fs';
import { EarlySync } from './early-sync.ts';
import { hashFile, readFull } from './hash.ts';
import { PiecesToHash } from './hashed-pieces.ts';
import { startedThread } from './other-thread.ts';
import { withPath } from './with-path.ts';

/** From this size on it pays to hash in another thread what is copied. */
const LARGE = 32 * 1024 * 1024;

/** SHA-256 of a file of a known size. A large one is read by this thread and hashed by another. */
export function hashSized(path: string, size: number): string {
  return copyHashed(path, () => undefined, size);
}

/** The same of a file that is made durable next: the disk writes a large one meanwhile. */
export function hashWhileSynced(path: string, size: number): string {
  const sync = new EarlySync(path);
  try {
    if (size >= LARGE) withPath(path, () => sync.begin());
    const digest = hashSized(path, size);
    withPath(path, () => sync.finish());
    return digest;
  } finally {
    sync.close();
  }
}

/**
 * Gives the bytes of a file in pieces, which must not be kept; returns their SHA-256. Those of a large one are hashed by another thread while
 * they are taken.
 */
export function copyHashed(path: string, take: (piece: Uint8Array) => void, size: number): string {
  const other = size >= LARGE ? startedThread() : undefined;
  if (other === undefined) return hashFile(path, take, size);
  return withPath(path, () => {
    const descriptor = openSync(path, 'r');
    const pieces = new PiecesToHash();
    try {
      other.postMessage(pieces.shared);
      for (;;) {
        const piece = pieces.next();
        const read = piece.subarray(0, readFull(descriptor, piece));
        // None says that these were all.
        pieces.give(read.length);
        if (read.length === 0) return pieces.digest();
        take(read);
      }
    } finally {
      pieces.end();
      closeSync(descriptor);
    }
  });
}
