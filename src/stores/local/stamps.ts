import { appendFileSync, mkdirSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { ifPossible, writeWhole } from '../../files/durable.ts';
import { openSummed, readText, summedLine } from '../../files/sealed.ts';
import { fileStamp } from '../../files/stamp.ts';

/** The stamps of files by name, kept in one append-only file. Losing it, or a line of it, costs only reading the files again. */
export class StampBook {
  private readonly file: string;
  /** Lines by name: their sums are looked at only when they are asked for. */
  private readonly stamps = new Map<string, string>();
  private readonly fresh = new Map<string, string>();
  private lines = 0;

  constructor(file: string) {
    this.file = file;
    for (const line of (readText(file) ?? '').split('\n')) {
      const cut = line.indexOf(' ');
      if (cut <= 0) continue;
      this.stamps.set(line.slice(0, cut), line);
      this.lines += 1;
    }
  }

  /** Whether the file still stands as it did when its content was last read. */
  isKnown(name: string, stats: BigIntStats): boolean {
    const line = this.stamps.get(name);
    return line !== undefined && openSummed(line) === `${name} ${fileStamp(stats)}`;
  }

  note(name: string, stats: BigIntStats): void {
    const line = summedLine(`${name} ${fileStamp(stats)}`);
    if (this.stamps.get(name) === line) return;
    this.stamps.set(name, line);
    this.fresh.set(name, line);
  }

  flush(): void {
    if (this.fresh.size === 0) return;
    const text = (lines: Iterable<string>): string => [...lines].map((line) => `${line}\n`).join('');
    ifPossible(() => {
      mkdirSync(dirname(this.file), { recursive: true });
      if (this.lines > 2 * this.stamps.size + 1000) writeWhole(this.file, text(this.stamps.values()));
      else appendFileSync(this.file, text(this.fresh.values()));
    });
    this.fresh.clear();
  }
}
