import { createHash, type Hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { areWhole, readMany, unpackMany } from '../../files/many-files.ts';
import type { Packed } from '../../files/unpacker.ts';
import { writeAll } from '../../files/write-all.ts';
import { digestBytes } from '../../files/digests.ts';
import { withPath } from '../../files/with-path.ts';
import { copyHashed, hashWhileSynced } from '../../files/copy-hashed.ts';
import { EarlySync } from '../../files/early-sync.ts';
import type { ManifestEntry } from '../../model/artifact.ts';
import type { Stretch } from './blobs.ts';
import { clone } from './copies.ts';
import { type FoundFile, foldersOf } from './folders.ts';

/** Bytes that are read or written at once: so many stay in the processor's cache. */
const PIECE = 256 * 1024;

/** Files of more bytes are not read together with others. */
const LARGE = 1024 * 1024;

/** Files that are written one after the other into one. */
export class Pack {
  readonly path: string;
  private descriptor: number | undefined;
  private readonly sync: EarlySync;
  /** Of all; none of a file alone, which is hashed by itself. */
  private readonly hash: Hash | undefined;
  private last = '';
  /** A large file alone shares the blocks of the source where the file system can. */
  private isClone = false;
  private readonly buffer = Buffer.allocUnsafe(PIECE);
  private filled = 0;

  /** `kind`: whether it takes the files of a folder, or a file alone. */
  constructor(path: string, kind: 'dir' | 'file') {
    this.path = path;
    this.hash = kind === 'dir' ? createHash('sha256') : undefined;
    this.sync = new EarlySync(path);
  }

  /** Adds what files below a folder hold; returns the SHA-256 of each, and none for one that has become shorter. */
  addAll(folder: string, files: readonly FoundFile[]): string[] {
    const [alone] = this.hash === undefined ? files : [];
    if (alone !== undefined && alone.size > LARGE && clone(join(folder, alone.path), this.path)) {
      this.isClone = true;
      this.last = hashWhileSynced(this.path, alone.size);
      return [this.last];
    }
    const digests: string[] = [];
    let small: FoundFile[] = [];
    for (const file of files) {
      if (file.size <= LARGE) small.push(file);
      else {
        this.addSmall(folder, small, digests);
        small = [];
        digests.push(copyHashed(join(folder, file.path), (piece) => this.write(piece), file.size));
      }
    }
    this.addSmall(folder, small, digests);
    this.last = digests.at(-1) ?? '';
    return digests;
  }

  private addSmall(folder: string, files: readonly FoundFile[], digests: string[]): void {
    for (const { bytes, offsets, digestOf } of readMany(folder, files)) {
      this.write(bytes);
      for (let index = 0; index + 1 < offsets.length; index += 1) digests.push(digestOf(index) ?? '');
    }
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
    this.descriptor ??= openSync(this.path, 'wx', 0o600);
    const { descriptor } = this;
    withPath(this.path, () => writeAll(descriptor, bytes));
    this.sync.wrote(bytes.length);
  }

  /** Writes what is still to be written; returns the SHA-256 of all. */
  finish(): string {
    if (!this.isClone) this.flush();
    withPath(this.path, () => this.sync.finish());
    this.close();
    return this.hash?.digest('hex') ?? this.last;
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
    this.sync.close();
  }
}

/** What files are made of, each of which lies where `placeOf` says when it is asked for one after the other. */
function packed(entries: readonly ManifestEntry[], placeOf: (index: number) => Stretch): Packed {
  const packs = new Map<string, number>();
  const places = new Float64Array(3 * entries.length);
  const executable = new Uint8Array(entries.length);
  for (const [index, entry] of entries.entries()) {
    const { path, offset, size } = placeOf(index);
    const pack = packs.get(path) ?? packs.size;
    packs.set(path, pack);
    [places[3 * index], places[3 * index + 1], places[3 * index + 2]] = [pack, offset, size];
    executable[index] = entry.executable ? 1 : 0;
  }
  return { packs: [...packs.keys()], places, digests: digestBytes(entries.map(({ digest }) => digest)), executable };
}

/** What files are made of that lie one after the other in one. */
function packedInOrder({ path, offset }: Stretch, entries: readonly ManifestEntry[]): Packed {
  let next = offset;
  return packed(entries, (index) => {
    const size = entries[index]?.size ?? 0;
    next += size;
    return { path, offset: next - size, size };
  });
}

const pathsOf = (entries: readonly ManifestEntry[]): string[] => entries.map(({ path }) => path);

/**
 * Takes the files apart that lie one after the other in one, as read-only files of a folder. Returns how each stands; undefined where one is
 * not what its entry says.
 */
export function unpackFiles(pack: Stretch, entries: readonly ManifestEntry[], folder: string): BigInt64Array | undefined {
  const paths = pathsOf(entries);
  for (const one of foldersOf(paths)) mkdirSync(join(folder, one), { recursive: true });
  const { stamps, wrong } = unpackMany(folder, paths, packedInOrder(pack, entries));
  return wrong.length === 0 ? stamps : undefined;
}

/**
 * Makes those of some files, in folders that are there, of which it is known where their bytes lie. Returns how each of them stands, in their
 * order, and those that were not made: the others, and such as are not what their entries say.
 */
export function unpackEntries(
  entries: readonly ManifestEntry[],
  places: readonly (Stretch | undefined)[],
  folder: string,
): { readonly stamps: BigInt64Array; readonly left: readonly ManifestEntry[] } {
  const known = entries.filter((_, index) => places[index] !== undefined);
  const there = places.filter((place) => place !== undefined);
  const asked = packed(known, (index) => there[index] as Stretch);
  const { stamps, wrong } = unpackMany(folder, pathsOf(known), asked);
  const unmade = new Set(wrong.map((index) => known[index]));
  return { stamps, left: entries.filter((entry, index) => places[index] === undefined || unmade.has(entry)) };
}

/** Whether the files that lie one after the other in one are what their entries say. */
export function holdsFiles(pack: Stretch, entries: readonly ManifestEntry[]): boolean {
  return areWhole(pathsOf(entries), packedInOrder(pack, entries));
}
