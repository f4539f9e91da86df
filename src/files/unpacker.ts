import { createHash, hash as hashOnce } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, lstatSync, openSync } from 'node:fs';
import { digestAt } from './digests.ts';
import { ifThere } from './if-there.ts';
import { ReadOnlyFiles } from './read-only.ts';
import { readAt } from './read-at.ts';
import { removeFile } from './remove-file.ts';
import { fileStamp, putStamp } from './stamp.ts';
import { withPath } from './with-path.ts';
import { writeAll } from './write-all.ts';

/** Bytes that are read at once: so many stay in the processor's cache. */
const PIECE = 256 * 1024;

/** What files are to be made of: stretches of other files. */
export interface Packed {
  /** The files that hold them. */
  readonly packs: readonly string[];
  /** Three of each: which pack holds it, from where on, and how many bytes. */
  readonly places: Float64Array;
  /** The SHA-256 of each, as `digestBytes` makes them. */
  readonly digests: Uint8Array;
  /** Of each whether it may be executed. */
  readonly executable: Uint8Array;
}

/** Makes files of what is packed, proving their bytes on the way. */
export class Unpacker {
  private readonly packed: Packed;
  private readonly digests: Buffer;
  private readonly stamps: BigInt64Array;
  private readonly files = new ReadOnlyFiles();
  /** Whether files stand when they are closed as they did before; undefined as long as none was made. */
  private staysClosed: boolean | undefined;
  private readonly buffer = Buffer.allocUnsafeSlow(PIECE);
  /** The pack that is open, and what of it is in the buffer. */
  private open = { pack: -1, descriptor: -1, from: 0, to: 0 };

  /** Puts into `stamps` how the files that it makes stand. */
  constructor(packed: Packed, stamps: BigInt64Array) {
    this.packed = packed;
    const { buffer, byteOffset, byteLength } = packed.digests;
    this.digests = Buffer.from(buffer, byteOffset, byteLength);
    this.stamps = stamps;
  }

  /** Makes one of the files, as a read-only one; false, and there is none, where its bytes are not what they should be. */
  isPut(index: number, path: string): boolean {
    const { places, executable } = this.packed;
    const [pack = 0, offset = 0, size = 0] = places.subarray(3 * index, 3 * index + 3);
    const small = size <= PIECE ? this.bytes(pack, offset, size) : undefined;
    if (small !== undefined && !this.isRight(index, small)) return false;
    const file = this.files.open(path, executable[index] === 1);
    let stats: BigIntStats | undefined;
    try {
      withPath(path, () => {
        if (small !== undefined && size > 0) writeAll(file, small);
        if (small === undefined && !this.isWhole(index, (piece) => writeAll(file, piece))) return;
        stats = fstatSync(file, { bigint: true });
      });
    } finally {
      closeSync(file);
      if (stats === undefined) removeFile(path);
    }
    if (stats !== undefined) this.note(index, path, stats);
    return stats !== undefined;
  }

  /** Notes how a file stands, as it did before it was closed: some file servers say something else of it afterwards, which the first one shows. */
  private note(index: number, path: string, stats: BigIntStats): void {
    const closed = this.staysClosed === true ? stats : lstatSync(path, { bigint: true });
    this.staysClosed ??= fileStamp(stats) === fileStamp(closed);
    putStamp(this.stamps, index, closed);
  }

  /** Whether the packed bytes of one of the files are what they should be; `take` is given them piece by piece. */
  isWhole(index: number, take: (piece: Uint8Array) => void = () => undefined): boolean {
    const [pack = 0, offset = 0, size = 0] = this.packed.places.subarray(3 * index, 3 * index + 3);
    const hash = createHash('sha256');
    for (let done = 0; done < size; ) {
      const piece = this.bytes(pack, offset + done, Math.min(PIECE, size - done));
      if (piece.length === 0) return false;
      hash.update(piece);
      take(piece);
      done += piece.length;
    }
    return hash.digest('hex') === this.digest(index);
  }

  close(): void {
    if (this.open.descriptor !== -1) closeSync(this.open.descriptor);
    this.open = { pack: -1, descriptor: -1, from: 0, to: 0 };
  }

  private isRight(index: number, bytes: Uint8Array): boolean {
    return hashOnce('sha256', bytes) === this.digest(index);
  }

  private digest(index: number): string {
    return digestAt(this.digests, index);
  }

  /** So many bytes of a pack, a piece at most, fewer at its end, and none where it is gone. They last until the next are asked for. */
  private bytes(pack: number, offset: number, length: number): Uint8Array {
    const path = this.packed.packs[pack] ?? '';
    if (pack !== this.open.pack) {
      this.close();
      const descriptor = ifThere(() => openSync(path, 'r'));
      if (descriptor === undefined) return this.buffer.subarray(0, 0);
      this.open = { pack, descriptor, from: 0, to: 0 };
    }
    const { open } = this;
    if (offset < open.from || offset + length > open.to) {
      // What lies close behind what was read last is read with what follows: most of it lies in order.
      const isNext = offset >= open.to && offset < open.to + PIECE;
      const read = withPath(path, () => readAt(open.descriptor, this.buffer.subarray(0, isNext ? PIECE : length), offset));
      [open.from, open.to] = [offset, offset + read];
    }
    return this.buffer.subarray(offset - open.from, Math.min(offset + length, open.to) - open.from);
  }
}
