import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../model/canonical.ts';
import { hashFile } from '../../files/hash.ts';
import { makeFolder, syncFile, syncFolder, writeDurably } from '../../files/durable.ts';
import type { StampBook } from './stamps.ts';

/** Files up to this size are copied where the file system cannot share their blocks; larger ones are linked. */
const LARGEST_COPY = 64 * 1024 * 1024;

/** How the content of a digest stands in the store. */
export type BlobState = 'whole' | 'missing' | 'damaged';

/** Content by SHA-256, each in a read-only file. */
export class Blobs {
  private readonly root: string;
  private readonly quarantine: string;
  private readonly scratch: string;
  private readonly stamps: StampBook;

  constructor(root: string, stamps: StampBook) {
    this.root = join(root, 'blobs');
    this.quarantine = join(root, 'quarantine');
    this.scratch = join(root, 'scratch');
    this.stamps = stamps;
  }

  path(digest: string): string {
    return join(this.root, digest.slice(0, 2), digest.slice(2));
  }

  /** Hashes a blob unless it stands as it did when it was last hashed; a damaged one is moved to quarantine. */
  state(digest: string, thorough = false): BlobState {
    const path = this.path(digest);
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return 'missing';
    if (!thorough && this.stamps.isKnown(digest, stats)) return 'whole';
    if (hashFile(path) === digest) {
      this.stamps.note(digest, path);
      return 'whole';
    }
    mkdirSync(this.quarantine, { recursive: true });
    renameSync(path, join(this.quarantine, `${digest}-${randomBytes(4).toString('hex')}`));
    return 'damaged';
  }

  /** Bytes on the disk; 0 where it is missing. */
  size(digest: string): number {
    return lstatSync(this.path(digest), { throwIfNoEntry: false })?.size ?? 0;
  }

  read(digest: string): Uint8Array | undefined {
    return this.state(digest) === 'whole' ? readFileSync(this.path(digest)) : undefined;
  }

  add(bytes: Uint8Array): string {
    const digest = sha256(bytes);
    if (this.has(digest)) return digest;
    writeDurably(this.path(digest), bytes);
    this.seal(digest);
    return digest;
  }

  /** Makes a file that has other names, or a link to one, a file of its own, so that it can be moved. */
  detach(path: string): void {
    const stats = lstatSync(path);
    if (stats.nlink === 1 && !stats.isSymbolicLink()) return;
    const own = `${path}.${randomBytes(6).toString('hex')}.own`;
    copyFileSync(path, own);
    renameSync(own, path);
  }

  /** Takes a file over by moving it. */
  take(path: string): { readonly digest: string; readonly size: number } {
    this.detach(path);
    const { size } = lstatSync(path);
    const digest = hashFile(path);
    if (this.has(digest)) rmSync(path);
    else {
      chmodSync(path, 0o444);
      syncFile(path);
      this.adopt(path, digest);
    }
    return { digest, size };
  }

  /** Takes bytes in as they come; false where they are more than so many or have another digest. */
  async receive(digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<boolean> {
    if (this.has(digest)) return true;
    mkdirSync(this.scratch, { recursive: true });
    const path = join(this.scratch, `received-${randomBytes(6).toString('hex')}`);
    const descriptor = openSync(path, 'wx', 0o444);
    try {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of bytes) {
        size += chunk.length;
        if (size > most) return false;
        hash.update(chunk);
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
      }
      if (hash.digest('hex') !== digest) return false;
      fsyncSync(descriptor);
      this.adopt(path, digest);
      return true;
    } finally {
      closeSync(descriptor);
      rmSync(path, { force: true });
    }
  }

  /** Whether content need not be written, durably: whoever wrote it may have been killed, or be about, to make its name last. */
  private has(digest: string): boolean {
    if (this.state(digest) !== 'whole') return false;
    syncFolder(dirname(this.path(digest)));
    return true;
  }

  /** Makes a synced file a blob by moving it. */
  private adopt(path: string, digest: string): void {
    const blob = this.path(digest);
    makeFolder(dirname(blob));
    renameSync(path, blob);
    syncFolder(dirname(blob));
    this.stamps.note(digest, blob);
  }

  private seal(digest: string): void {
    chmodSync(this.path(digest), 0o444);
    this.stamps.note(digest, this.path(digest));
  }

  /** Gives a blob as a read-only file: sharing its blocks where the file system can, else as a copy, or as a link where it is large. */
  place(digest: string, path: string, executable: boolean): void {
    const blob = this.path(digest);
    const mode = executable ? 0o555 : 0o444;
    mkdirSync(dirname(path), { recursive: true });
    try {
      copyFileSync(blob, path, constants.COPYFILE_FICLONE_FORCE);
    } catch {
      if (executable || lstatSync(blob).size <= LARGEST_COPY) copyFileSync(blob, path);
      else {
        linkSync(blob, path);
        if (hashFile(blob) !== digest) throw new Error(`blob ${digest} is damaged`);
        this.stamps.note(digest, blob);
        return;
      }
    }
    chmodSync(path, mode);
  }

  /** All digests that have a blob. */
  *all(): Iterable<string> {
    if (!existsSync(this.root)) return;
    for (const prefix of readdirSync(this.root).sort()) {
      for (const rest of readdirSync(join(this.root, prefix)).sort()) if (/^[0-9a-f]{62}$/.test(rest)) yield prefix + rest;
    }
  }
}
