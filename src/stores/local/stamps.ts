import { appendFileSync, existsSync, lstatSync, mkdirSync, readFileSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { writeDurably } from '../../files/durable.ts';
import { fileStamp } from '../../files/stamp.ts';

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
