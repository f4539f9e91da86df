import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifPossible, writeDurably } from '../../files/durable.ts';
import { isObject } from '../../files/json.ts';
import { lineText, openLine, readText, sealedLine } from '../../files/sealed.ts';
import { ROW_FORMAT, type RunRow } from '../../model/run-row.ts';

function isRow(value: unknown): value is RunRow {
  return isObject(value) && value['format'] === ROW_FORMAT;
}

/** A line a run, so that ten thousand records need not be opened. It can be made again from the records at any time. */
export class RunIndex {
  private readonly file: string;
  /** Lines by id: parsed only when asked for. */
  private lines: Map<string, string> | undefined;

  constructor(root: string) {
    this.file = join(root, 'index', 'runs');
  }

  /** Adds runs that have ended. */
  add(rows: readonly RunRow[]): void {
    if (rows.length === 0) return;
    const fresh = rows.map((row) => [row.run, sealedLine(JSON.stringify(row))] as const);
    ifPossible(() => {
      mkdirSync(dirname(this.file), { recursive: true });
      appendFileSync(this.file, fresh.map(([id, line]) => `${id} ${line}\n`).join(''));
    });
    for (const [id, line] of fresh) this.lines?.set(id, line);
  }

  /** The row of a run that has ended; undefined if it has none yet. */
  row(id: string): RunRow | undefined {
    this.lines ??= this.read();
    const row = openLine(this.lines.get(id) ?? '', isRow);
    return row?.run === id ? row : undefined;
  }

  /** Whether the row of a run has these members; undefined if it has no row yet. A row that merely mentions them may count too. */
  has(id: string, members: Partial<Pick<RunRow, 'pipeline' | 'set' | 'sweep'>>): boolean | undefined {
    this.lines ??= this.read();
    const line = this.lines.get(id);
    if (line === undefined || lineText(line) === undefined) return undefined;
    return Object.entries(members).every(([name, value]) => line.includes(`"${name}":${JSON.stringify(value)}`));
  }

  /** Forgets all runs but these, durably. */
  keepOnly(ids: ReadonlySet<string>): void {
    const lines = [...this.read()].filter(([id]) => ids.has(id));
    writeDurably(this.file, lines.map(([id, line]) => `${id} ${line}\n`).join(''));
    this.lines = new Map(lines);
  }

  /** The lines that are damaged, and the runs of those that are whole. */
  look(): { readonly damaged: number; readonly ids: readonly string[] } {
    const lines = (readText(this.file) ?? '').split('\n').filter((line) => line !== '');
    const rows = lines.flatMap((line) => {
      const [id = ''] = line.split(' ', 1);
      return openLine(line.slice(id.length + 1), isRow)?.run === id ? [id] : [];
    });
    return { damaged: lines.length - rows.length, ids: [...new Set(rows)] };
  }

  private read(): Map<string, string> {
    const lines = new Map<string, string>();
    for (const line of (readText(this.file) ?? '').split('\n')) {
      const cut = line.indexOf(' ');
      if (cut > 0) lines.set(line.slice(0, cut), line.slice(cut + 1));
    }
    return lines;
  }
}
