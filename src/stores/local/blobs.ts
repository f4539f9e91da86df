import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashWhileSynced } from '../../files/copy-hashed.ts';
import { inFolder } from '../../files/folder.ts';
import { readMany } from '../../files/many-files.ts';
import { readAt } from '../../files/read-at.ts';
import { ReadOnlyFiles } from '../../files/read-only.ts';
import { withPath } from '../../files/with-path.ts';
import { writeAll } from '../../files/write-all.ts';
import { sha256 } from '../../model/canonical.ts';
import type { OnMove } from '../../model/store.ts';
import type { FoundFile } from './folders.ts';
import { type Links, LooseBlobs } from './loose-blobs.ts';
import type { NewEntry } from './segments/entry.ts';
import type { Segments, Standing } from './segments/segments.ts';
import type { StampBook } from './stamps.ts';

/** Content up to this size lies in segments, larger in a file each. */
const SMALL = 64 * 1024;

/** How the content of a digest stands in the store. */
export type BlobState = Standing;

/** Content whose bytes turned out to be wrong while they were handed over. */
export class DamagedContent extends Error {
  constructor(digest: string) {
    super(`the content ${digest.slice(0, 12)} is damaged`);
  }
}

/** Content that was taken in. */
export interface Taken {
  readonly digest: string;
  readonly size: number;
}

/** A file, and how many bytes it has. */
type FoundPath = Pick<FoundFile, 'path' | 'size'>;

/** Content, and the file that it is to be given as. */
interface Placing {
  readonly digest: string;
  readonly path: string;
  readonly executable: boolean;
}

/** Where bytes lie: in a file, from an offset on. */
export interface Stretch {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/**
 * Content by SHA-256, small in segments and large in a file each, where that of former stores lies altogether. What is given away is hashed
 * on the way; stamps only spare the hashing of what is merely looked for. Small content is on the disk after the next commit.
 */
export class Blobs {
  private readonly loose: LooseBlobs;
  private readonly segments: Segments;
  /** Those that were placed. */
  readonly links: Links;

  constructor(root: string, stamps: StampBook, segments: Segments) {
    this.loose = new LooseBlobs(root, stamps);
    this.links = this.loose;
    this.segments = segments;
  }

  /** How many blobs went to quarantine since this was opened. */
  get losses(): number {
    return this.loose.losses + this.segments.losses;
  }

  /** Hashes a blob unless it stands as it did when it was last hashed; a damaged one goes to quarantine. */
  state(digest: string, thorough = false): BlobState {
    const standing = this.segments.standing('content', digest, thorough ? 'all' : 'stamp');
    if (standing === 'whole') return standing;
    const loose = this.loose.state(digest, thorough);
    return loose === 'missing' ? standing : loose;
  }

  /** Those that are not known to be whole by the stamps of their segments. */
  untrusted(digests: readonly string[]): string[] {
    return this.segments.untrusted('content', digests);
  }

  /** How blobs stand together: whole if all of them are. */
  stateOf(digests: readonly string[], thorough = false): BlobState {
    let worst: BlobState = 'whole';
    for (const digest of thorough ? digests : this.untrusted(digests)) {
      const state = this.state(digest, thorough);
      if (state !== 'whole') worst = state;
    }
    return worst;
  }

  /** Whether a blob is whole by its bytes, hashed by this process at least once since they last changed. */
  isProven(digest: string): boolean {
    return this.segments.standing('content', digest, 'once') === 'whole' || this.loose.isProven(digest);
  }

  /** Its bytes, whole or not; 0 where it is missing. */
  size(digest: string): number {
    return this.segments.placeOf('content', digest)?.size ?? this.loose.size(digest);
  }

  /** Where the bytes of a blob lie, whole or not. */
  stretch(digest: string): Stretch {
    return this.segments.placeOf('content', digest) ?? { path: this.loose.path(digest), offset: 0, size: this.loose.size(digest) };
  }

  /** Where small blobs lie, for who proves their bytes: undefined for others, and where that has to be looked for. */
  smallAt(digests: readonly string[]): readonly (Stretch | undefined)[] {
    return this.segments.placesOf('content', digests);
  }

  /** So many of its bytes from an offset on, fewer at the end, whole or not. */
  readRange(digest: string, offset: number, length: number): Uint8Array {
    const stretch = this.stretch(digest);
    const descriptor = openSync(stretch.path, 'r');
    try {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, stretch.size - offset)));
      return bytes.subarray(0, readAt(descriptor, bytes, stretch.offset + offset));
    } finally {
      closeSync(descriptor);
    }
  }

  /** The bytes of a digest, hashed; undefined where they are missing or damaged. */
  read(digest: string): Uint8Array | undefined {
    return this.segments.read('content', digest) ?? this.loose.read(digest);
  }

  /** The bytes of a digest piece by piece. Throws `DamagedContent` instead of ending where they were wrong. */
  async *pieces(digest: string): AsyncGenerator<Uint8Array> {
    const small = this.segments.read('content', digest);
    if (small !== undefined) yield small;
    else if (!(yield* this.loose.pieces(digest))) throw new DamagedContent(digest);
  }

  /** Whether content need not be written; `isKnown`: as far as that is known, without a look at what others have added. */
  private has(digest: string, isKnown = false): boolean {
    return this.segments.holds(digest, isKnown) || this.loose.has(digest);
  }

  /** Ends when all that was taken in is on the disk. */
  commit(): Promise<void> {
    return this.segments.commit();
  }

  /** As `commit`, for who cannot wait. */
  commitNow(): void {
    this.segments.commitNow();
  }

  add(bytes: Uint8Array, isKnown = false): string {
    const digest = sha256(bytes);
    if (this.has(digest, isKnown)) return digest;
    if (bytes.length <= SMALL) this.segments.add([entryOf(digest, bytes)]);
    else this.loose.write(digest, bytes);
    return digest;
  }

  /** Takes a file over as `takeAll` does; where its bytes were hashed as they were written, by that digest. */
  take(path: string, { known, onMove }: { readonly known?: string; readonly onMove?: OnMove | undefined } = {}): Taken {
    const { size } = statSync(path);
    if (size <= SMALL) return { digest: this.add(readFileSync(path), true), size };
    return { digest: this.loose.take(path, known ?? this.toBeMoved([{ path, size }], onMove)?.get(path)), size };
  }

  /** Tells of files that are to be moved, with their digests; undefined where nobody wants to know. */
  private toBeMoved(found: readonly FoundPath[], onMove: OnMove | undefined): ReadonlyMap<string, string> | undefined {
    if (onMove === undefined || found.length === 0) return undefined;
    const files = found.map(({ path, size }) => ({ path, digest: hashWhileSynced(path, size) }));
    onMove(files);
    return new Map(files.map(({ path, digest }) => [path, digest]));
  }

  /** Takes files of a folder over: large ones are moved, small ones copied. What is left of them is of no use any more. */
  takeAll(folder: string, files: readonly FoundPath[], onMove?: OnMove): Taken[] {
    const large = files.flatMap(({ path, size }) => (size > SMALL ? [{ path: join(folder, path), size }] : []));
    // Before any of them is moved: others may be links to it.
    for (const { path } of large) this.loose.detach(path);
    const known = this.toBeMoved(large, onMove);
    const small = this.addSmall(folder, files);
    return files.map(({ path, size }): Taken => {
      const absolute = join(folder, path);
      return small.get(path) ?? { digest: this.loose.take(absolute, known?.get(absolute)), size };
    });
  }

  /** Adds what the small ones of files hold, as far as it is not there yet; by their paths. */
  private addSmall(folder: string, all: readonly FoundPath[]): ReadonlyMap<string, Taken> {
    const files = all.filter(({ size }) => size <= SMALL);
    const taken = new Map<string, Taken>();
    const isAbsent = this.loose.absent();
    this.segments.refresh();
    for (const { from, bytes, offsets, digestOf } of readMany(folder, files)) {
      const fresh = new Map<string, Uint8Array>();
      for (const [index, { path }] of files.slice(from, from + offsets.length - 1).entries()) {
        const known = digestOf(index);
        const read = known === undefined ? readFileSync(join(folder, path)) : bytes.subarray(offsets[index], offsets[index + 1]);
        const digest = known ?? sha256(read);
        taken.set(path, { digest, size: read.length });
        if (fresh.has(digest) || this.segments.holds(digest, true)) continue;
        if (isAbsent(digest) || !this.loose.has(digest)) fresh.set(digest, read);
      }
      if (fresh.size > 0) this.segments.add([...fresh].map(([digest, body]) => entryOf(digest, body)));
    }
    return taken;
  }

  /** Takes bytes in as they come; false where they are more than so many or have another digest. */
  async receive(digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<boolean> {
    if (this.has(digest)) return true;
    const pieces: Uint8Array[] = [];
    let size = 0;
    const rest = bytes[Symbol.asyncIterator]();
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      pieces.push(next.value);
      size += next.value.length;
      if (size > most) {
        await rest.return?.();
        return false;
      }
      if (size > SMALL) return this.loose.receive(digest, joined(pieces, rest), most);
    }
    const body = Buffer.concat(pieces);
    if (sha256(body) !== digest) return false;
    this.segments.add([entryOf(digest, body)]);
    return true;
  }

  /**
   * Gives a blob as a read-only file, hashing its bytes on the way: small content as a file of its own, large as `LooseBlobs` does. False
   * where they are missing or damaged; then nothing is left at the path.
   */
  place(digest: string, path: string, executable: boolean): boolean {
    return this.placeIn({ digest, path, executable });
  }

  /** The same for one of many files. */
  placeIn({ digest, path, executable }: Placing, files = new ReadOnlyFiles()): boolean {
    const body = this.segments.read('content', digest);
    if (body === undefined) return this.loose.place(digest, path, executable);
    const descriptor = inFolder(path, () => files.open(path, executable));
    try {
      withPath(path, () => writeAll(descriptor, body));
    } finally {
      closeSync(descriptor);
    }
    return true;
  }

  /** Whether content lies in a file of its own. */
  isApart(digest: string): boolean {
    return this.segments.placeOf('content', digest) === undefined;
  }

  /** Bytes of segments that hold nothing that counts. */
  idle(): number {
    return this.segments.idle();
  }

  /**
   * Removes blobs, and gives back the room of small ones, all of it with `thorough`; only for who has the store alone. Returns what refused.
   */
  remove(digests: readonly string[], thorough: boolean): string[] {
    this.segments.void('content', new Set(digests));
    this.segments.compact(thorough);
    return digests.flatMap((digest) => [...this.loose.remove(digest)]);
  }

  /** Those of some content that lie in files of their own. */
  apart(digests: readonly string[]): string[] {
    return this.segments.apart('content', digests);
  }

  /** All digests that have a blob. */
  *all(): Iterable<string> {
    const small = this.segments.keys('content');
    yield* small;
    for (const digest of this.loose.all()) if (!small.has(digest)) yield digest;
  }
}

function entryOf(digest: string, body: Uint8Array): NewEntry {
  return { kind: 'content', key: digest, order: 0, body };
}

/** What has come of a stream, and the rest of it. */
async function* joined(pieces: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
