import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { ifPossible, writeWhole } from '../../../files/durable.ts';
import { readAt } from '../../../files/read-at.ts';
import { digestOf, type Entry, type Kind } from './entry.ts';

/** Bytes of a row: key, work, offset, length, order. */
const ROW = 80;
const [AT_WORK, AT_OFFSET, AT_LENGTH, AT_ORDER] = [32, 64, 72, 76];

function rowOf({ key, work, offset, length, order }: Entry): Buffer {
  const row = Buffer.alloc(ROW);
  key.copy(row);
  work.copy(row, AT_WORK);
  row.writeDoubleLE(offset, AT_OFFSET);
  row.writeUInt32LE(length, AT_LENGTH);
  row.writeUInt32LE(order, AT_ORDER);
  return row;
}

/** Entries of one kind by their keys, as bytes that are searched where they lie: nothing is parsed before it is asked for. */
export class Table {
  readonly kind: Kind;
  readonly rows: Buffer;

  /** `rows` as another table had them. */
  constructor(kind: Kind, rows: Buffer = Buffer.alloc(0)) {
    this.kind = kind;
    this.rows = rows;
  }

  /** Those of some entries that are of a kind. */
  static of(kind: Kind, entries: readonly Entry[]): Table {
    return new Table(kind).changed(
      new Set(),
      entries.filter((entry) => entry.kind === kind),
    );
  }

  get size(): number {
    return this.rows.length / ROW;
  }

  /** The entries with a key. */
  find(key: Buffer): Entry[] {
    // Keys are digests: their first bytes nearly always tell them apart, and are read faster than whole keys are compared.
    const start = key.readUInt32BE(0);
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows.readUInt32BE(middle * ROW) < start) low = middle + 1;
      else high = middle;
    }
    const found: Entry[] = [];
    for (; low < this.size && this.rows.readUInt32BE(low * ROW) === start; low += 1)
      if (this.rows.compare(key, 0, 32, low * ROW, low * ROW + 32) === 0) found.push(this.entry(low));
    return found;
  }

  /** All entries, in the order of their keys. */
  *entries(): Generator<Entry> {
    for (let index = 0; index < this.size; index += 1) yield this.entry(index);
  }

  private entry(index: number): Entry {
    const row = this.rows.subarray(index * ROW, (index + 1) * ROW);
    return {
      kind: this.kind,
      key: row.subarray(0, AT_WORK),
      work: row.subarray(AT_WORK, AT_OFFSET),
      offset: row.readDoubleLE(AT_OFFSET),
      length: row.readUInt32LE(AT_LENGTH),
      order: row.readUInt32LE(AT_ORDER),
    };
  }

  /** This table without some entries, by their offsets, and with others. */
  changed(without: ReadonlySet<number>, more: readonly Entry[]): Table {
    const added = more.map(rowOf).sort((a, b) => Buffer.compare(a, b));
    const rows = Buffer.allocUnsafe(this.rows.length + added.length * ROW);
    let at = 0;
    let next = 0;
    const put = (row: Uint8Array): void => {
      rows.set(row, at);
      at += ROW;
    };
    for (let from = 0; from < this.rows.length; from += ROW) {
      const row = this.rows.subarray(from, from + ROW);
      for (; next < added.length && Buffer.compare(added[next] as Buffer, row) < 0; next += 1) put(added[next] as Buffer);
      if (!without.has(row.readDoubleLE(AT_OFFSET))) put(row);
    }
    for (; next < added.length; next += 1) put(added[next] as Buffer);
    return new Table(this.kind, rows.subarray(0, at));
  }
}

/** What is noted of a segment: what it holds up to an offset, and how it stood when all of that was proven and on the disk. */
interface Held {
  readonly covered: number;
  readonly stamp: string;
  readonly content: Table;
  readonly results: Table;
}

/** The note of a segment, with what was added to it since it was written. */
export interface Note extends Held {
  readonly added: readonly Entry[];
  readonly base: NoteBase;
}

/** Where a note ends but for what was added to it, and its sum. */
export interface NoteBase {
  readonly end: number;
  readonly sum: Buffer;
}

const MAGIC = Buffer.from('StN1');
/** Magic, bytes of the stamp, rows of both tables, and what is covered. */
const START = 24;
const SUM = 32;

function bytesOf({ covered, stamp, content, results }: Held): Buffer {
  const start = Buffer.alloc(START);
  MAGIC.copy(start);
  start.writeUInt32LE(Buffer.byteLength(stamp), 4);
  start.writeUInt32LE(content.size, 8);
  start.writeUInt32LE(results.size, 12);
  start.writeDoubleLE(covered, 16);
  const bytes = Buffer.concat([start, Buffer.from(stamp), content.rows, results.rows]);
  return Buffer.concat([bytes, digestOf(bytes)]);
}

/** What begins at some place; undefined where nothing does, or it is damaged. */
function heldAt(all: Buffer, at: number): (Held & { readonly base: NoteBase }) | undefined {
  const bytes = all.subarray(at);
  if (bytes.length < START || !MAGIC.equals(bytes.subarray(0, 4))) return undefined;
  const first = START + bytes.readUInt32LE(4);
  const second = first + bytes.readUInt32LE(8) * ROW;
  const end = second + bytes.readUInt32LE(12) * ROW;
  const sum = bytes.subarray(end, end + SUM);
  if (!digestOf(bytes.subarray(0, end)).equals(sum)) return undefined;
  return {
    covered: bytes.readDoubleLE(16),
    stamp: bytes.toString('utf8', START, first),
    content: new Table('content', bytes.subarray(first, second)),
    results: new Table('result', bytes.subarray(second, end)),
    base: { end: at + end + SUM, sum },
  };
}

/** Writes a note of a segment, where the system takes it: it can be made again by reading the segment. */
export function writeNote(path: string, held: Held): NoteBase | undefined {
  const bytes = bytesOf(held);
  return ifPossible(() => {
    writeWhole(path, bytes);
    return { end: bytes.length, sum: bytes.subarray(-SUM) };
  });
}

/**
 * Adds to a note in its place, instead of what was added to it before: of a large segment all of it takes long to write. Whoever reads it half
 * written, or after a kill in between, finds it damaged. False where it is not the note that it was.
 */
export function addToNote(path: string, base: NoteBase, { covered, stamp, added }: Pick<Note, 'covered' | 'stamp' | 'added'>): boolean {
  const bytes = bytesOf({ covered, stamp, content: Table.of('content', added), results: Table.of('result', added) });
  const isAdded = ifPossible(() => {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      const sum = Buffer.alloc(SUM);
      if (readAt(descriptor, sum, base.end - SUM) < SUM || !sum.equals(base.sum)) return false;
      writeSync(descriptor, bytes, 0, bytes.length, base.end);
      ftruncateSync(descriptor, base.end + bytes.length);
      return true;
    } finally {
      closeSync(descriptor);
    }
  });
  return isAdded === true;
}

/** The note of a segment; undefined where there is none, or it is damaged. */
export function readNote(path: string): Note | undefined {
  let all: Buffer;
  try {
    all = readFileSync(path);
  } catch {
    return undefined;
  }
  const held = heldAt(all, 0);
  if (held === undefined || held.base.end === all.length) return held && { ...held, added: [] };
  const more = heldAt(all, held.base.end);
  if (more === undefined) return undefined;
  const { covered, stamp, content, results } = more;
  return { ...held, covered, stamp, added: [...content.entries(), ...results.entries()] };
}
