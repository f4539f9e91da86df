import { type BigIntStats, lstatSync } from 'node:fs';
import { tellsOfChanges } from '../../files/change-times.ts';
import { fileStamp } from '../../files/stamp.ts';
import { monotonic } from '../../model/clock.ts';
import type { StampBook } from './stamps.ts';

/** How long the bytes of a blob count as this process found them where its stamp stands, in milliseconds: a disk does not rot within it. */
const PROVEN_FOR = 10 * 60 * 1000;

/** How a blob stood when its bytes were found to be right, and when that was. */
interface Proof {
  readonly stamp: string;
  readonly at: number;
}

/** What is known of the bytes of blobs as long as their files stand as they did: what this process has found by hashing them, and what was noted by any. */
export class Proofs {
  private readonly stamps: StampBook;
  private readonly proven = new Map<string, Proof>();

  constructor(stamps: StampBook) {
    this.stamps = stamps;
  }

  /** Whether any process has found its bytes to be right as it stands. */
  isNoted(digest: string, stats: BigIntStats): boolean {
    return this.stamps.isKnown(digest, stats);
  }

  /** Whether this process has. */
  isProven(digest: string, stats: BigIntStats): boolean {
    return this.proven.get(digest)?.stamp === fileStamp(stats);
  }

  /** Whether this process has within minutes. */
  isJustProven(digest: string, stats: BigIntStats): boolean {
    return monotonic() - (this.proven.get(digest)?.at ?? Number.NEGATIVE_INFINITY) <= PROVEN_FOR && this.isProven(digest, stats);
  }

  /** Remembers that the bytes of a blob are right, as it stood before they were looked at. */
  note(digest: string, stats: BigIntStats): void {
    this.stamps.note(digest, stats);
    this.proven.set(digest, { stamp: fileStamp(stats), at: monotonic() });
  }

  /**
   * Gives the file of a blob a further name, takes one away or changes one, at once and nothing else: what was known of its bytes is known
   * after it. Whoever wrote into it meanwhile has changed its mtime.
   */
  whileRenaming<Value>(digest: string, path: string, rename: () => Value): Value {
    const before = statsOf(path);
    const value = rename();
    this.followed(digest, before, path);
    return value;
  }

  /** Goes on with what is known of a blob, if only its ctime is another. */
  private followed(digest: string, before: BigIntStats | undefined, path: string): void {
    const now = statsOf(path);
    if (before === undefined || now === undefined || !tellsOfChanges(path) || !isUnwritten(before, now)) return;
    const proof = this.proven.get(digest);
    if (proof?.stamp === fileStamp(before)) this.proven.set(digest, { ...proof, stamp: fileStamp(now) });
    if (this.isNoted(digest, before)) this.stamps.note(digest, now);
  }
}

/** Whether nobody has written into a file between two moments so close that no one can have put its mtime back. */
export function isUnwritten(before: BigIntStats, now: BigIntStats): boolean {
  return now.ino === before.ino && now.size === before.size && now.mtimeNs === before.mtimeNs;
}

function statsOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
