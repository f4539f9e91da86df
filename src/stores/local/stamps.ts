import { appendFileSync, existsSync, lstatSync, mkdirSync, readFileSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { writeDurably } from '../../files/durable.ts';

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

/** The stamps of files by name, kept in one append-only file. Losing it costs only reading the files again. */
export class StampBook {
  private readonly file: string;
  private readonly stamps = new Map<string, string>();
  private readonly fresh = new Map<string, string>();
  private lines = 0;

  constructor(file: string) {
    this.file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const cut = line.indexOf(' ');
      if (cut <= 0) continue;
      this.stamps.set(line.slice(0, cut), line.slice(cut + 1));
      this.lines += 1;
    }
  }

  /** Whether the file still stands as it did when its content was last read. */
  isKnown(name: string, stats: BigIntStats): boolean {
    return this.stamps.get(name) === fileStamp(stats);
  }

  note(name: string, path: string): void {
    const stamp = fileStamp(lstatSync(path, { bigint: true }));
    if (this.stamps.get(name) === stamp) return;
    this.stamps.set(name, stamp);
    this.fresh.set(name, stamp);
  }

  flush(): void {
    if (this.fresh.size === 0) return;
    mkdirSync(dirname(this.file), { recursive: true });
    const lines = (entries: Iterable<readonly [string, string]>): string =>
      [...entries].map(([name, stamp]) => `${name} ${stamp}\n`).join('');
    if (this.lines > 2 * this.stamps.size + 1000) writeDurably(this.file, lines(this.stamps));
    else appendFileSync(this.file, lines(this.fresh));
    this.fresh.clear();
  }
}
