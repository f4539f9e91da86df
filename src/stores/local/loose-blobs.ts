import { createHash, randomBytes } from 'node:crypto';
import { writeAll } from '../../files/write-all.ts';
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { forgetFolder, namesIn } from '../../files/folder.ts';
import { usesLeases } from '../../files/lock.ts';
import { sha256 } from '../../model/canonical.ts';
import { removeTree } from '../../files/remove.ts';
import { hashSized, hashWhileSynced } from '../../files/copy-hashed.ts';
import { settle, tellsOfChanges } from '../../files/change-times.ts';
import { ifPossible, makeFolder, syncFile, syncFolder, writeDurably } from '../../files/durable.ts';
import type { Standing } from './segments/segments.ts';
import { clone, copy, link } from './copies.ts';
import { isUnwritten, Proofs } from './proofs.ts';
import type { StampBook } from './stamps.ts';

/** Files up to this size are copied where the file system cannot share their blocks; larger ones are linked. */
const LARGEST_COPY = 64 * 1024 * 1024;

function inodeOf(path: string): bigint | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

/** Links to the files of large content. */
export type Links = Pick<LooseBlobs, 'isProvenLink' | 'unlink' | 'rename'>;

/**
 * Content by SHA-256, each in a read-only file. What is read, copied or linked is hashed in passing, whatever its stamp says: a bad disk
 * changes bytes and no stamp. The stamps only spare the hashing of what is merely looked for.
 */
export class LooseBlobs {
  private readonly root: string;
  private readonly quarantine: string;
  private readonly scratch: string;
  private readonly proofs: Proofs;
  /** Where this process has put links, and to which blobs. */
  private readonly links = new Map<string, string>();
  private quarantined = 0;

  constructor(root: string, stamps: StampBook) {
    this.root = join(root, 'blobs');
    this.quarantine = join(root, 'quarantine');
    this.scratch = join(root, 'scratch');
    this.proofs = new Proofs(stamps);
  }

  path(digest: string): string {
    return join(this.root, digest.slice(0, 2), digest.slice(2));
  }

  /** How many blobs went to quarantine since this was opened. */
  get losses(): number {
    return this.quarantined;
  }

  /** Hashes a blob unless it stands as it did when it was last hashed; a damaged one is moved to quarantine. */
  state(digest: string, thorough = false): Standing {
    const path = this.path(digest);
    const stats = this.look(path);
    if (stats === undefined) return 'missing';
    if (!thorough && this.proofs.isNoted(digest, stats)) return 'whole';
    if (stats.isFile() && this.isWhole(digest, path)) return 'whole';
    // Where it cannot be moved away, as in a store that is only read, it is not used either.
    ifPossible(() => {
      mkdirSync(this.quarantine, { recursive: true });
      renameSync(path, join(this.quarantine, `${digest}-${randomBytes(4).toString('hex')}`));
    });
    this.quarantined += 1;
    return 'damaged';
  }

  /** How a blob's file stands. One that another machine made may not be seen at first. */
  private look(path: string): BigIntStats | undefined {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined || !usesLeases(this.root)) return stats;
    forgetFolder(dirname(path), dirname(this.root));
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  }

  /** Whether a file of a blob, which may have other names, holds what it must: then how it stands is remembered. */
  private isWhole(digest: string, path: string): boolean {
    const stats = lstatSync(path, { bigint: true });
    if (stats.nlink > 1n) settle([path], stats.ctimeNs);
    if (hashSized(path, Number(stats.size)) !== digest) return false;
    this.proofs.note(digest, stats);
    return true;
  }

  /** Whether a blob is whole by its bytes, hashed by this process at least once since they last changed. */
  isProven(digest: string): boolean {
    const stats = lstatSync(this.path(digest), { bigint: true, throwIfNoEntry: false });
    return stats !== undefined && (this.proofs.isProven(digest, stats) || this.state(digest, true) === 'whole');
  }

  /** The same of a link to a blob; undefined: that has to be seen by its bytes. */
  isProvenLink(digest: string, { ino, dev }: BigIntStats): boolean | undefined {
    const path = this.path(digest);
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.ino === ino && stats.dev === dev && tellsOfChanges(path) ? this.isProven(digest) : undefined;
  }

  /** Remembers that a blob, of which nobody else has had the file, has the right bytes. */
  private note(digest: string): void {
    this.proofs.note(digest, lstatSync(this.path(digest), { bigint: true }));
  }

  /** Bytes on the disk; 0 where it is missing. */
  size(digest: string): number {
    return lstatSync(this.path(digest), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** The bytes of a digest, hashed; undefined where they are missing or damaged. */
  read(digest: string): Uint8Array | undefined {
    return this.proved(digest, (path) => {
      const bytes = readFileSync(path);
      return sha256(bytes) === digest ? bytes : undefined;
    });
  }

  /** The bytes of a digest piece by piece; false at the end where they were wrong or are missing. */
  async *pieces(digest: string): AsyncGenerator<Uint8Array, boolean> {
    if (!existsSync(this.path(digest))) return false;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(this.path(digest)) as AsyncIterable<Uint8Array>) {
      hash.update(piece);
      yield piece;
    }
    if (hash.digest('hex') === digest) return true;
    this.state(digest, true);
    return false;
  }

  /**
   * What comes of reading a blob, which gives undefined where its bytes are wrong: then it goes to quarantine, or, if another process has
   * made it again meanwhile, is read anew. Undefined where it is missing or damaged.
   */
  private proved<Value>(digest: string, readBlob: (path: string) => Value | undefined): Value | undefined {
    const path = this.path(digest);
    const once = (): Value | undefined => (lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? readBlob(path) : undefined);
    return once() ?? (this.state(digest, true) === 'whole' ? once() : undefined);
  }

  /** Writes the bytes of a digest. */
  write(digest: string, bytes: Uint8Array): void {
    writeDurably(this.path(digest), bytes);
    chmodSync(this.path(digest), 0o444);
    this.note(digest);
  }

  /** Makes a file that has other names, or a link to one, a file of its own, so that it can be moved. */
  detach(path: string): void {
    const stats = lstatSync(path);
    if (stats.nlink === 1 && !stats.isSymbolicLink()) return;
    const own = `${path}.${randomBytes(6).toString('hex')}.own`;
    copyFileSync(path, own);
    renameSync(own, path);
  }

  /** Takes a file over by moving it; where its bytes were hashed as they were written, by that digest. Returns it. */
  take(path: string, known?: string): string {
    this.detach(path);
    const digest = known ?? hashWhileSynced(path, lstatSync(path).size);
    if (this.has(digest)) rmSync(path);
    else {
      chmodSync(path, 0o444);
      syncFile(path);
      this.adopt(path, digest);
    }
    return digest;
  }

  /** Takes bytes in as they come; false where they are more than so many or have another digest. */
  async receive(digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<boolean> {
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
        writeAll(descriptor, chunk);
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

  /** Says of digests, without looking for each, where there can be no blob. */
  absent(): (digest: string) => boolean {
    const folders = new Set(namesIn(this.root));
    return (digest) => !folders.has(digest.slice(0, 2));
  }

  /** Whether content need not be written, durably: whoever wrote it may have been killed, or be about, to make its name last. */
  has(digest: string): boolean {
    if (!this.isProven(digest)) return false;
    syncFolder(dirname(this.path(digest)));
    return true;
  }

  /** Makes a synced file a blob by moving it. */
  private adopt(path: string, digest: string): void {
    const blob = this.path(digest);
    makeFolder(dirname(blob));
    renameSync(path, blob);
    syncFolder(dirname(blob));
    this.note(digest);
  }

  /**
   * Gives a blob as a read-only file: sharing its blocks where the file system can, else as a copy, or as a link where it is large and lies
   * on the same file system. Its bytes are hashed on the way, which costs as much as reading them, unless they are not copied and this process
   * hashed them minutes ago. False where they are missing or damaged; then nothing is left at the path.
   */
  place(digest: string, path: string, executable: boolean): boolean {
    mkdirSync(dirname(path), { recursive: true });
    const placed = this.proved(digest, (blob) => this.handOver(digest, blob, path, executable));
    return placed === true;
  }

  /** Undefined where the bytes are wrong. */
  private handOver(digest: string, blob: string, path: string, executable: boolean): true | undefined {
    const stats = lstatSync(blob, { bigint: true });
    const size = Number(stats.size);
    // A link on a shared file system is a file that another machine may have open.
    const isLarge = !executable && size > LARGEST_COPY && !usesLeases(this.root);
    const isProven = this.proofs.isJustProven(digest, stats);
    const isCloned = clone(blob, path);
    const isLinked = !isCloned && isLarge && this.proofs.whileRenaming(digest, blob, () => link(blob, path));
    const isKnown = isProven && isUnwritten(stats, lstatSync(blob, { bigint: true }));
    const isRight =
      ((isCloned || isLinked) && isKnown) ||
      (isLinked ? this.isWhole(digest, path) : (isCloned ? hashSized(path, size) : copy(blob, path, size)) === digest);
    if (!isRight) {
      rmSync(path, { force: true });
      return undefined;
    }
    if (isLinked) this.links.set(path, digest);
    else chmodSync(path, executable ? 0o555 : 0o444);
    return true;
  }

  /**
   * Takes the links away that this process has put at or below a path, so that what is known of their blobs is known after it; or where they
   * lie as well below another path that is given up. What refuses stays.
   */
  unlink(path: string, instead = path): void {
    for (const [at, digest] of this.links) {
      if (at !== path && !at.startsWith(path + sep)) continue;
      const link = instead + at.slice(path.length);
      const blob = this.path(digest);
      if (path === instead) this.links.delete(at);
      ifPossible(() => {
        if (inodeOf(link) === inodeOf(blob)) this.proofs.whileRenaming(digest, blob, () => unlinkSync(link));
      });
    }
  }

  /** Renames what was placed as a file; of a link, what is known of its blob is known after it. */
  rename(from: string, to: string): void {
    const digest = this.links.get(from);
    if (digest === undefined) renameSync(from, to);
    else this.proofs.whileRenaming(digest, this.path(digest), () => renameSync(from, to));
  }

  /** Removes a blob, if there is one; returns what refused. */
  remove(digest: string): readonly string[] {
    return existsSync(this.path(digest)) ? removeTree(this.path(digest)) : [];
  }

  /** All digests that have a blob. */
  *all(): Iterable<string> {
    for (const prefix of namesIn(this.root)) {
      for (const rest of namesIn(join(this.root, prefix))) if (/^[0-9a-f]{62}$/.test(rest)) yield prefix + rest;
    }
  }
}
