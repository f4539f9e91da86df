import { type BigIntStats, lstatSync } from 'node:fs';

/** How a file stood: any write changes at least its ctime, which users cannot set. */
export function fileStamp(stats: BigIntStats): string {
  return `${stats.size}:${stats.ino}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** Bytes of one stamp among many: they stand one after the other, and are compared as one. */
export const STAMP_BYTES = 32;

/** Puts in its place among many what `fileStamp` says of one. */
export function putStamp(stamps: BigInt64Array, index: number, { size, ino, mtimeNs, ctimeNs }: BigIntStats): void {
  const at = 4 * index;
  stamps[at] = size;
  stamps[at + 1] = ino;
  stamps[at + 2] = mtimeNs;
  stamps[at + 3] = ctimeNs;
}

/** When the status of one of many changed last. */
export function changeOf(stamps: BigInt64Array, index: number): Pick<BigIntStats, 'ctimeNs'> {
  return { ctimeNs: stamps[4 * index + 3] ?? 0n };
}

/** The bytes of many stamps. */
export function bytesOfStamps(stamps: BigInt64Array): Buffer {
  return Buffer.from(stamps.buffer, stamps.byteOffset, stamps.byteLength);
}

/** Within this of now, a second write could fall into the same clock tick. */
const RECENT_NS = 100_000_000n;

/** Longer than a tick of the system's clock, in nanoseconds. */
export const TICK_NS = 20_000_000n;

/** Whether a file changed so recently, before a time in milliseconds since 1970 or after it, that its stamp cannot be trusted yet. */
export function isFresh({ ctimeNs }: Pick<BigIntStats, 'ctimeNs'>, now = Date.now(), within = RECENT_NS): boolean {
  return BigInt(now) * 1_000_000n - ctimeNs < within;
}

/** The stamp of what lies at a path; empty, which no stamp is, where nothing does or where it cannot be trusted yet. */
export function trustedStamp(path: string, within = RECENT_NS): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined || isFresh(stats, Date.now(), within) ? '' : fileStamp(stats);
}

/** The same of a file of the store, which lies on a disk whose clock is the system's. */
export function storedStamp(path: string): string {
  return trustedStamp(path, TICK_NS);
}
