import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ifPossible, writeDurably } from '../../files/durable.ts';
import { isObject } from '../../files/json.ts';
import { lineText, openLine, readText, sealedLine } from '../../files/sealed.ts';
import { ROW_FORMAT, type RunRow } from '../../model/run-row.ts';
import { type KeptRow, openPart, partLine, partName, partsNamedIn, putTogether, takeApart } from './row-parts.ts';

function isRow(value: unknown): value is KeptRow {
  return isObject(value) && value['format'] === ROW_FORMAT;
}

/**
 * A line a run, so that ten thousand records need not be opened, and one for what is long in rows and many share. It can be made again from the
 * records at any time.
 */
export class RunIndex {
  private readonly file: string;
  /** Lines by id: parsed only when asked for. */
  private lines: Map<string, string> | undefined;
  /** Parts of rows that were read or written, by digest. */
  private readonly parts = new Map<string, object>();

  constructor(root: string) {
    this.file = join(root, 'index', 'runs');
  }

  /** Adds runs that have ended. */
  add(rows: readonly RunRow[]): void {
    if (rows.length === 0) return;
    const fresh: (readonly [name: string, line: string])[] = [];
    for (const row of rows) {
      const kept = takeApart(row, (digest, json) => {
        if (this.partOf(digest) !== undefined) return;
        fresh.push([partName(digest), partLine(json)]);
        this.parts.set(digest, JSON.parse(json) as object);
      });
      fresh.push([row.run, sealedLine(JSON.stringify(kept))]);
    }
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
    return row?.run === id ? putTogether(row, (digest) => this.partOf(digest)) : undefined;
  }

  /** A part of rows, the same object for all of them. */
  private partOf(digest: string): object | undefined {
    this.lines ??= this.read();
    const part = this.parts.get(digest) ?? openPart(this.lines.get(partName(digest)) ?? '', digest);
    if (part !== undefined) this.parts.set(digest, part);
    return part;
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
    const all = [...this.read()];
    const rows = all.filter(([id]) => ids.has(id));
    const named = new Set(rows.flatMap(([, line]) => partsNamedIn(line)));
    const lines = [...all.filter(([name]) => named.has(name)), ...rows];
    this.parts.clear();
    writeDurably(this.file, lines.map(([id, line]) => `${id} ${line}\n`).join(''));
    this.lines = new Map(lines);
  }

  /** The lines that are damaged, and the runs of those that are whole. */
  look(): { readonly damaged: number; readonly ids: readonly string[] } {
    const lines = (readText(this.file) ?? '').split('\n').filter((line) => line !== '');
    const parts = new Map<string, object>();
    let [damaged, ids] = [0, new Set<string>()];
    for (const line of lines) {
      const [name = ''] = line.split(' ', 1);
      const text = line.slice(name.length + 1);
      const part = name.startsWith('#') ? openPart(text, name.slice(1)) : undefined;
      const row = name.startsWith('#') ? undefined : openLine(text, isRow);
      // The parts of a row stand before it.
      if (part !== undefined) parts.set(name.slice(1), part);
      else if (row?.run === name && putTogether(row, (digest) => parts.get(digest)) !== undefined) ids.add(name);
      else damaged += 1;
    }
    return { damaged, ids: [...ids] };
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
