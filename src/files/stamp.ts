import { type BigIntStats, lstatSync } from 'node:fs';

/** How a file stood: any write changes at least its ctime, which users cannot set. */
export function fileStamp(stats: BigIntStats): string {
  return `${stats.size}:${stats.ino}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** Bytes of one stamp among many. */
export const STAMP_BYTES = 32;

/** How many files stood, as `fileStamp` says it of one: 32 bytes each, one after the other, so that all are compared at once. */
export class Stamps {
  private numbers = new BigInt64Array(4 * 64);
  private count = 0;

  push({ size, ino, mtimeNs, ctimeNs }: BigIntStats): void {
    const at = 4 * this.count;
    if (at === this.numbers.length) {
      const longer = new BigInt64Array(2 * at);
      longer.set(this.numbers);
      this.numbers = longer;
    }
    this.numbers[at] = size;
    this.numbers[at + 1] = ino;
    this.numbers[at + 2] = mtimeNs;
    this.numbers[at + 3] = ctimeNs;
    this.count += 1;
  }

  /** When the status of one changed last. */
  at(index: number): Pick<BigIntStats, 'ctimeNs'> {
    return { ctimeNs: this.numbers[4 * index + 3] ?? 0n };
  }

  /** All of them, until the next one is added. */
  bytes(): Buffer {
    return Buffer.from(this.numbers.buffer, 0, this.count * STAMP_BYTES);
  }
}

/** Within this of now, a second write could fall into the same clock tick. */
const RECENT_NS = 100_000_000n;

/** Whether a file changed so recently, before a time in milliseconds since 1970 or after it, that its stamp cannot be trusted yet. */
export function isFresh({ ctimeNs }: Pick<BigIntStats, 'ctimeNs'>, now = Date.now()): boolean {
  return BigInt(now) * 1_000_000n - ctimeNs < RECENT_NS;
}

/** The stamp of what lies at a path; empty, which no stamp is, where nothing does or where it cannot be trusted yet. */
export function trustedStamp(path: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined || isFresh(stats) ? '' : fileStamp(stats);
}
