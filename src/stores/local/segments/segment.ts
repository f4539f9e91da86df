import { closeSync, constants, existsSync, fstatSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileStamp } from '../../../files/stamp.ts';
import { withPath } from '../../../files/with-path.ts';
import { digestOf, type Entry, HEAD, type Kind, KINDS, readHead, VOID } from './entry.ts';
import { readAt, type Scanned, scan } from './scan.ts';
import { type Note, readNote, Table, writeNote } from './table.ts';

/** What is found where an entry should lie: its body, or that it is damaged, or counts no more. */
export type Found = Buffer | 'damaged' | 'void';

/** Is told of an entry that was found to be damaged. */
export type OnDamage = (segment: Segment, entry: Entry) => void;

/** Where the segments of a store lie, and the notes of them, relative to it. */
export const SEGMENTS = 'segments';
export const NOTES = join('index', 'segments');

/** One file of entries. It only grows, but for what a kill left half written at its end, which its next writer cuts off. */
export class Segment {
  readonly name: string;
  readonly path: string;
  private readonly onDamage: OnDamage;
  private readonly notePath: string;
  private descriptor: number | undefined;
  private tables: Readonly<Record<Kind, Table>> = { content: new Table('content'), result: new Table('result') };
  /** Entries that the tables lack, by kind and key. */
  private readonly fresh = new Map<string, Entry[]>();
  /** Results by their work, once someone has asked for that. */
  private byWork: Map<string, Entry[]> | undefined;
  /** Entries, by their offsets, that count no more. */
  private readonly voided = new Set<number>();
  private covered = 0;
  /** The size at which there was nothing more that counts. */
  private scanned = -1;
  /** How the segment stood when all that it holds was proven; empty: not known. */
  private standing = '';
  private seen = '';
  /** Counts how often someone else changed the file. */
  private epoch = 0;
  /** Epochs in which entries, by their offsets, were hashed. */
  private readonly hashed = new Map<number, number>();
  private isLoaded = false;
  private isNoted = true;
  /** All before this offset is on the disk. */
  durable = 0;

  constructor(root: string, name: string, onDamage: OnDamage) {
    this.onDamage = onDamage;
    this.name = name;
    this.path = join(root, SEGMENTS, name);
    this.notePath = join(root, NOTES, name);
  }

  /** Where what counts ends. */
  get end(): number {
    return this.covered;
  }

  private open(): number {
    this.descriptor ??= openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    return this.descriptor;
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** How the file stands now, and its size; undefined where it was removed. */
  private look(): { readonly stamp: string; readonly size: number } | undefined {
    if (this.descriptor === undefined && !existsSync(this.path)) return undefined;
    const stats = fstatSync(this.open(), { bigint: true });
    if (stats.nlink === 0n) return undefined;
    const stamp = fileStamp(stats);
    if (stamp !== this.seen) this.epoch += 1;
    this.seen = stamp;
    return { stamp, size: Number(stats.size) };
  }

  /** Finds what was added since; what is known of the segment is read when this is first called. False where it was removed. */
  refresh(): boolean {
    const looked = this.look();
    if (looked === undefined) return false;
    const { size } = looked;
    if (!this.isLoaded) this.load(size);
    if (size < this.covered) this.prove();
    else if (size > this.covered && size !== this.scanned) {
      const scanned = this.scanFrom(this.covered, size);
      for (const entry of scanned.entries) this.remember(entry);
      this.covered = scanned.end;
      this.scanned = size;
      this.isNoted = false;
      this.tellOf(scanned);
    }
    return true;
  }

  private load(size: number): void {
    this.isLoaded = true;
    const note = readNote(this.notePath);
    if (note === undefined || note.covered > size) this.prove();
    else this.adopt(note);
  }

  private adopt(note: Note): void {
    this.know({ content: note.content, result: note.results }, note.covered);
    this.scanned = note.covered;
    this.durable = note.covered;
    this.standing = note.stamp;
    this.isNoted = true;
  }

  private know(tables: Readonly<Record<Kind, Table>>, covered: number): void {
    this.tables = tables;
    this.covered = covered;
    this.fresh.clear();
    this.voided.clear();
    this.byWork = undefined;
  }

  /** Knows all that the segment holds to be proven: as whoever added to it last noted it, else by reading it. */
  settle(): void {
    this.refresh();
    if (this.isTrusted()) return;
    const note = readNote(this.notePath);
    if (note !== undefined && note.stamp === this.look()?.stamp) this.adopt(note);
    else this.prove();
  }

  private scanFrom(from: number, to: number): Scanned {
    return withPath(this.path, () => scan({ descriptor: this.open(), segment: this.name, from, to, durable: this.durable }));
  }

  /** Reads all, and so knows again what the segment holds. */
  prove(): void {
    this.isLoaded = true;
    const { stamp = '', size = 0 } = this.look() ?? {};
    this.durable = Math.min(this.durable, size);
    const scanned = this.scanFrom(0, size);
    const { entries, gaps, end } = scanned;
    const known = gaps.length === 0 ? [] : KINDS.flatMap((kind) => [...this.entries(kind)]);
    const tableOf = (kind: Kind): Table =>
      new Table(kind).changed(
        new Set(),
        entries.filter((entry) => entry.kind === kind),
      );
    this.know({ content: tableOf('content'), result: tableOf('result') }, end);
    this.hashed.clear();
    this.scanned = size;
    this.standing = this.look()?.stamp === stamp ? stamp : '';
    this.isNoted = false;
    this.tellOf(scanned, known);
  }

  /** Tells of damaged entries: what they were, their heads say, or who knew them before. */
  private tellOf({ gaps }: Scanned, known: readonly Entry[] = []): void {
    for (const { offset, entry = known.find((one) => one.offset === offset) } of gaps) if (entry !== undefined) this.onDamage(this, entry);
  }

  private remember(entry: Entry): void {
    const key = entry.kind + entry.key.toString('hex');
    const known = this.fresh.get(key);
    if (known === undefined) this.fresh.set(key, [entry]);
    else known.push(entry);
    if (this.byWork !== undefined) this.rememberWork(entry, this.byWork);
  }

  private rememberWork(entry: Entry, byWork: Map<string, Entry[]>): void {
    if (entry.kind !== 'result') return;
    const work = entry.work.toString('latin1');
    const known = byWork.get(work);
    if (known === undefined) byWork.set(work, [entry]);
    else known.push(entry);
  }

  /** The results of a work, given in hex, as far as is known. */
  ofWork(work: string): readonly Entry[] {
    if (this.byWork === undefined) {
      const byWork = new Map<string, Entry[]>();
      for (const entry of this.entries('result')) this.rememberWork(entry, byWork);
      this.byWork = byWork;
    }
    return this.byWork.get(Buffer.from(work, 'hex').toString('latin1')) ?? [];
  }

  /** The entries with a key, given in hex, as far as is known. */
  find(kind: Kind, key: string): readonly Entry[] {
    const found = [...(this.fresh.get(kind + key) ?? []), ...this.tables[kind].find(Buffer.from(key, 'hex'))];
    return this.voided.size === 0 ? found : found.filter(({ offset }) => !this.voided.has(offset));
  }

  /** All entries of a kind. */
  *entries(kind: Kind): Generator<Entry> {
    for (const entry of this.tables[kind].entries()) if (!this.voided.has(entry.offset)) yield entry;
    for (const known of this.fresh.values())
      for (const entry of known) if (entry.kind === kind && !this.voided.has(entry.offset)) yield entry;
  }

  /** Whether the segment stands as it did when all that it holds was proven. */
  isTrusted(): boolean {
    return this.standing !== '' && this.look()?.stamp === this.standing;
  }

  /** Whether this process has hashed an entry since anyone else changed the file. */
  isHashed({ offset }: Entry): boolean {
    return this.look() !== undefined && this.hashed.get(offset) === this.epoch;
  }

  /** Reads an entry and hashes it. */
  read({ offset, length, key, kind }: Entry): Found {
    if (this.look() === undefined) return 'void';
    const bytes = Buffer.allocUnsafe(HEAD + length);
    const got = withPath(this.path, () => readAt(this.open(), bytes, offset));
    const head = readHead(this.name, offset, bytes.subarray(0, got));
    if (head?.isVoid === true) return 'void';
    const body = bytes.subarray(HEAD, got);
    const isEntry = head?.kind === kind && head.key.equals(key) && head.length === length;
    if (!isEntry || body.length < length || !digestOf(body).equals(head.digest)) return 'damaged';
    this.hashed.set(offset, this.epoch);
    return body;
  }

  /** The bytes where an entry lies, whatever they are. */
  raw({ offset, length }: Entry): Uint8Array {
    const bytes = Buffer.alloc(HEAD + length);
    return bytes.subarray(
      0,
      withPath(this.path, () => readAt(this.open(), bytes, offset)),
    );
  }

  /** Makes entries count no more, durably. Whoever adds to the segment meanwhile is not disturbed. */
  void(entries: readonly Entry[]): void {
    const wasTrusted = this.isTrusted();
    const descriptor = openSync(this.path, constants.O_WRONLY | constants.O_NOFOLLOW);
    withPath(this.path, () => {
      try {
        for (const { offset } of entries) writeSync(descriptor, VOID, 0, VOID.length, offset);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
    this.forget(entries);
    if (wasTrusted) this.standing = this.look()?.stamp ?? '';
  }

  /** Uses entries no more, though they could not be made to count no more. */
  forget(entries: readonly Entry[]): void {
    for (const { offset } of entries) this.voided.add(offset);
    this.isNoted = false;
  }

  /** Makes durable what others wrote, up to the end of what counts. */
  sync(): void {
    const { covered } = this;
    if (this.durable >= covered) return;
    withPath(this.path, () => fsyncSync(this.open()));
    this.durable = covered;
  }

  /** Whether what is proven of it is not in its note, as far as this process has asked for it. */
  get isUnnoted(): boolean {
    return this.isLoaded && (!this.isNoted || !this.isTrusted());
  }

  /** Notes what the segment holds; only for who keeps others from adding to it. */
  note(): void {
    this.settle();
    this.sync();
    if (this.isNoted) return;
    const more = [...this.fresh.values()].flat().filter(({ offset }) => !this.voided.has(offset));
    const changed = (kind: Kind): Table =>
      this.tables[kind].changed(
        this.voided,
        more.filter((entry) => entry.kind === kind),
      );
    this.know({ content: changed('content'), result: changed('result') }, this.covered);
    writeNote(this.notePath, {
      covered: this.covered,
      stamp: this.standing,
      content: this.tables.content,
      results: this.tables.result,
    });
    this.isNoted = true;
  }

  /** Does what adds to or shortens the segment; what was proven before stays so, unless someone else changed the file. */
  change(work: () => { readonly added: readonly Entry[]; readonly end: number }): void {
    const wasTrusted = this.isTrusted();
    const { epoch } = this;
    const { added, end } = work();
    if (end < this.covered)
      for (const [key, known] of this.fresh)
        this.fresh.set(
          key,
          known.filter(({ offset }) => offset < end),
        );
    for (const entry of added) this.remember(entry);
    this.covered = end;
    this.isNoted = false;
    const stamp = this.look()?.stamp ?? '';
    this.epoch = epoch;
    if (wasTrusted) this.standing = stamp;
    for (const { offset } of added) this.hashed.set(offset, epoch);
  }
}
