import type { Entry, Kind } from './entry.ts';
import { Table } from './table.ts';

/** What is known of the entries of a segment: a table of each kind, what came since, and what counts no more. */
export class KnownEntries {
  private tables: Readonly<Record<Kind, Table>>;
  /** Entries that the tables lack, by their keys in hex. */
  private readonly fresh: Readonly<Record<Kind, Map<string, Entry[]>>> = { content: new Map(), result: new Map() };
  /** Results by their work, once someone has asked for that. */
  private byWork: Map<string, Entry[]> | undefined;
  /** Entries, by their offsets, that count no more. */
  private readonly gone = new Set<number>();

  constructor(content = new Table('content'), result = new Table('result')) {
    this.tables = { content, result };
  }

  add(entry: Entry): void {
    put(this.fresh[entry.kind], entry.key.toString('hex'), entry);
    if (entry.kind === 'result' && this.byWork !== undefined) put(this.byWork, entry.work.toString('latin1'), entry);
  }

  remove({ offset }: Entry): void {
    this.gone.add(offset);
  }

  /** The entries with a key, given in hex and as bytes. */
  find(kind: Kind, key: string, bytes: Buffer): readonly Entry[] {
    const fresh = this.fresh[kind].get(key);
    const settled = this.tables[kind].find(bytes);
    const found = fresh === undefined ? settled : [...fresh, ...settled];
    return this.gone.size === 0 ? found : found.filter(({ offset }) => !this.gone.has(offset));
  }

  /** The results of a work, given in hex. */
  ofWork(work: string): readonly Entry[] {
    if (this.byWork === undefined) {
      this.byWork = new Map();
      for (const entry of this.all('result')) put(this.byWork, entry.work.toString('latin1'), entry);
    }
    const found = this.byWork.get(Buffer.from(work, 'hex').toString('latin1')) ?? [];
    return found.filter(({ offset }) => !this.gone.has(offset));
  }

  *all(kind: Kind): Generator<Entry> {
    for (const entry of this.tables[kind].entries()) if (!this.gone.has(entry.offset)) yield entry;
    for (const entry of this.since(kind)) yield entry;
  }

  /** Whether any entries count no more. */
  get hasGone(): boolean {
    return this.gone.size > 0;
  }

  /** What the tables lack. */
  *since(kind: Kind): Generator<Entry> {
    for (const known of this.fresh[kind].values()) for (const entry of known) if (!this.gone.has(entry.offset)) yield entry;
  }

  /** Brings all into the tables. */
  settled(): { readonly content: Table; readonly result: Table } {
    const changed = (kind: Kind): Table => this.tables[kind].changed(this.gone, [...this.since(kind)]);
    this.tables = { content: changed('content'), result: changed('result') };
    for (const fresh of Object.values(this.fresh)) fresh.clear();
    this.gone.clear();
    this.byWork = undefined;
    return this.tables;
  }
}

function put(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [entry]);
  else known.push(entry);
}
