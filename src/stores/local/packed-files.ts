import { createHash, type Hash, hash as hashOnce } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { ReadOnlyFiles } from '../../files/read-only.ts';
import { writeAll } from '../../files/write-all.ts';
import { withPath } from '../../files/with-path.ts';
import { copyHashed } from '../../files/copy-hashed.ts';
import { EarlySync } from '../../files/early-sync.ts';
import type { ManifestEntry } from '../../model/artifact.ts';
import type { Stretch } from './blobs.ts';
import { type FoundFile, foldersOf } from './folders.ts';
import { readAt } from './segments/scan.ts';

/** Bytes that are read or written at once: so many stay in the processor's cache. */
const PIECE = 256 * 1024;

/** Files that are written one after the other into one. */
export class Pack {
  readonly path: string;
  private readonly descriptor: number;
  private readonly sync: EarlySync;
  /** Of all; none of a file alone, which is hashed by itself. */
  private readonly hash: Hash | undefined;
  private last = '';
  private readonly buffer = Buffer.allocUnsafe(PIECE);
  private filled = 0;
  private isOpen = true;

  /** `kind`: whether it takes the files of a folder, or a file alone. */
  constructor(path: string, kind: 'dir' | 'file') {
    this.path = path;
    this.hash = kind === 'dir' ? createHash('sha256') : undefined;
    this.descriptor = openSync(path, 'wx', 0o600);
    this.sync = new EarlySync(path);
  }

  /** Adds what a file below a folder holds; returns its SHA-256. */
  add(folder: string, { path, size }: FoundFile): string {
    this.last = copyHashed(join(folder, path), (piece) => this.write(piece), size);
    return this.last;
  }

  private write(piece: Uint8Array): void {
    if (this.filled + piece.length > PIECE) this.flush();
    if (piece.length < PIECE) {
      this.buffer.set(piece, this.filled);
      this.filled += piece.length;
    } else this.put(piece);
  }

  private flush(): void {
    this.put(this.buffer.subarray(0, this.filled));
    this.filled = 0;
  }

  private put(bytes: Uint8Array): void {
    this.hash?.update(bytes);
    withPath(this.path, () => writeAll(this.descriptor, bytes));
    this.sync.wrote(bytes.length);
  }

  /** Writes what is still to be written; returns the SHA-256 of all. */
  finish(): string {
    this.flush();
    withPath(this.path, () => this.sync.finish());
    this.close();
    return this.hash?.digest('hex') ?? this.last;
  }

  close(): void {
    if (this.isOpen) closeSync(this.descriptor);
    this.isOpen = false;
    this.sync.close();
  }
}

/** Gives at most so many of the bytes that come next, and none at the end. They last until the next are asked for. */
type Next = (most: number) => Uint8Array;

/** The bytes of a file from an offset on, read in large pieces whatever is asked for. */
function bytesOf(descriptor: number, offset: number): Next {
  let at = offset;
  const buffer = Buffer.allocUnsafe(PIECE);
  let rest = buffer.subarray(0, 0);
  return (most) => {
    if (rest.length === 0) {
      rest = buffer.subarray(0, readAt(descriptor, buffer, at));
      at += rest.length;
    }
    const piece = rest.subarray(0, most);
    rest = rest.subarray(piece.length);
    return piece;
  };
}

/** Gives the next bytes to a file; false where they are not what its entry says. */
function isTaken({ size, digest }: ManifestEntry, next: Next, file: number | undefined): boolean {
  const write = (piece: Uint8Array): void => (file === undefined || piece.length === 0 ? undefined : writeAll(file, piece));
  const first = size === 0 ? new Uint8Array() : next(size);
  write(first);
  if (first.length === size) return hashOnce('sha256', first) === digest;
  const hash = createHash('sha256').update(first);
  for (let left = size - first.length; left > 0; ) {
    const piece = next(left);
    if (piece.length === 0) return false;
    hash.update(piece);
    write(piece);
    left -= piece.length;
  }
  return hash.digest('hex') === digest;
}

/**
 * Takes the files apart that lie one after the other in one, as read-only files of a folder, or only looks at them where none is given; false
 * as soon as one is not what its entry says.
 */
export function unpackFiles(pack: Stretch, entries: readonly ManifestEntry[], folder?: string): boolean {
  const descriptor = openSync(pack.path, 'r');
  try {
    const next = bytesOf(descriptor, pack.offset);
    const opened = new ReadOnlyFiles();
    if (folder !== undefined)
      for (const one of foldersOf(entries.map(({ path }) => path))) mkdirSync(join(folder, one), { recursive: true });
    return entries.every((entry) => {
      const file = folder === undefined ? undefined : opened.open(`${folder}/${entry.path}`, entry.executable);
      try {
        return withPath(entry.path, () => isTaken(entry, next, file));
      } finally {
        if (file !== undefined) closeSync(file);
      }
    });
  } finally {
    closeSync(descriptor);
  }
}
