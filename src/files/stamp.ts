import { type BigIntStats, lstatSync } from 'node:fs';

/** How a file stood: any write changes at least its ctime, which users cannot set. */
export function fileStamp(stats: BigIntStats): string {
  return `${stats.size}:${stats.ino}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** Within this of now, a second write could fall into the same clock tick. */
const RECENT_NS = 100_000_000n;

/** Whether a file changed so recently that its stamp cannot be trusted yet. */
export function isFresh(stats: BigIntStats): boolean {
  return BigInt(Date.now()) * 1_000_000n - stats.ctimeNs < RECENT_NS;
}

/** The stamp of what lies at a path; empty, which no stamp is, where nothing does or where it cannot be trusted yet. */
export function trustedStamp(path: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined || isFresh(stats) ? '' : fileStamp(stats);
}
