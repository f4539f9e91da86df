import { closeSync, constants, fstatSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../../files/durable.ts';
import { fileStamp } from '../../../files/stamp.ts';
import { ifThere } from '../../../files/if-there.ts';
import { readAt } from '../../../files/read-at.ts';
import { withPath } from '../../../files/with-path.ts';
import { digestOf, type Entry, HEAD, type Head, type Kind, KINDS, readHead, VOID } from './entry.ts';
import { KnownEntries } from './known.ts';
import { type Scanned, scan } from './scan.ts';
import { addToNote, type Note, type NoteBase, readNote, Table, writeNote } from './table.ts';

/** What is found where an entry should lie: its body, or that it is damaged, or counts no more. */
export type Found = Buffer | 'damaged' | 'void';

/** Is told of an entry that was found to be damaged. */
export type OnDamage = (segment: Segment, entry: Entry) => void;

/** So many entries at most are added to a note in its place. */
const MOST_ADDED = 256;

/** Where the segments of a store lie, and the notes of them, relative to it. */
export const SEGMENTS = 'segments';
export const NOTES = join('index', 'segments');

/** One file of entries. It only grows, but for what a kill left half written at its end, which its next writer cuts off. */
export class Segment {
  readonly name: string;
  readonly path: string;
  private readonly onDamage: OnDamage;
  private readonly notePath: string;
  /** The note that the tables of what is known were read from, or written to. */
  private base: NoteBase | undefined;
  private descriptor: number | undefined;
  private known = new KnownEntries();
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
  /** Whether it was ever asked for anything. */
  isLoaded = false;
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
    // A client of a file server may have heard of it before another one removed it.
    const stats = ifThere(() => fstatSync(this.open(), { bigint: true }));
    if (stats === undefined || stats.nlink === 0n) return undefined;
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
    if (!this.isLoaded) this.load(({ covered }) => covered <= size);
    if (size < this.covered) this.prove();
    else if (size > this.covered && size !== this.scanned) {
      const scanned = this.scanFrom(this.covered, size);
      for (const entry of scanned.entries) this.known.add(entry);
      this.covered = scanned.end;
      this.scanned = size;
      this.isNoted = false;
      this.tellOf(scanned);
    }
    return true;
  }

  /** Knows what is noted, if the note fits; else what is read. */
  private load(fits: (note: Note) => boolean): void {
    const note = readNote(this.notePath);
    if (note === undefined || !fits(note)) return this.prove();
    this.isLoaded = true;
    this.known = new KnownEntries(note.content, note.results);
    for (const entry of note.added) this.known.add(entry);
    this.base = note.base;
    this.covered = note.covered;
    this.scanned = note.covered;
    this.durable = note.covered;
    this.standing = note.stamp;
    this.isNoted = true;
  }

  /** Knows all that the segment holds to be proven: as whoever added to it last noted it, else by reading it. */
  settle(): void {
    if (!this.isLoaded || !this.isTrusted()) this.load(({ stamp }) => stamp === this.look()?.stamp);
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
    const before = gaps.length === 0 ? [] : KINDS.flatMap((kind) => [...this.known.all(kind)]);
    const tableOf = (kind: Kind): Table => Table.of(kind, entries);
    this.known = new KnownEntries(tableOf('content'), tableOf('result'));
    this.base = undefined;
    this.covered = end;
    this.hashed.clear();
    this.scanned = size;
    this.standing = this.look()?.stamp === stamp ? stamp : '';
    this.isNoted = false;
    this.tellOf(scanned, before);
  }

  /** Tells of damaged entries: what they were, their heads say, or who knew them before. */
  private tellOf({ gaps }: Scanned, before: readonly Entry[] = []): void {
    for (const { offset, entry = before.find((one) => one.offset === offset) } of gaps) if (entry !== undefined) this.onDamage(this, entry);
  }

  /** The results of a work, given in hex, as far as is known. */
  ofWork(work: string): readonly Entry[] {
    return this.known.ofWork(work);
  }

  /** The entries with a key, given in hex, as far as is known; `bytes`: the same, for who asks many segments. */
  find(kind: Kind, key: string, bytes = Buffer.from(key, 'hex')): readonly Entry[] {
    return this.known.find(kind, key, bytes);
  }

  /** All entries of a kind, as far as is known. */
  entries(kind: Kind): Iterable<Entry> {
    return this.known.all(kind);
  }

  /** Whether the segment stands as it did when all that it holds was proven. */
  isTrusted(): boolean {
    return this.standing !== '' && this.look()?.stamp === this.standing;
  }

  /** The same of one that was perhaps never asked for anything, of which it is noted how it stood. */
  stands(): boolean {
    return (this.isLoaded || this.refresh()) && this.isTrusted();
  }

  /** Whether this process has hashed an entry since anyone else changed the file. */
  isHashed({ offset }: Entry): boolean {
    return this.look() !== undefined && this.hashed.get(offset) === this.epoch;
  }

  /** Reads an entry and hashes it; `wholly`: its head too, whether the bytes need it or not. */
  read(entry: Entry, wholly = false): Found {
    const looked = this.look();
    if (looked === undefined) return 'void';
    const { offset, length, key, kind } = entry;
    // In a segment that stands as it did no entry has come to count no more: of content the bytes themselves say all.
    if (!wholly && kind === 'content' && looked.stamp === this.standing) {
      const body = Buffer.allocUnsafe(length);
      const isWhole = withPath(this.path, () => readAt(this.open(), body, offset + HEAD)) === length && digestOf(body).equals(key);
      if (isWhole) return this.proven(entry, body);
    }
    const bytes = Buffer.allocUnsafe(HEAD + length);
    const got = withPath(this.path, () => readAt(this.open(), bytes, offset));
    const head = readHead(this.name, offset, bytes.subarray(0, got));
    if (head?.isVoid === true) return 'void';
    const body = bytes.subarray(HEAD, got);
    const isEntry = head?.kind === kind && head.key.equals(key) && head.length === length;
    if (!isEntry || body.length < length || !digestOf(body).equals(head.digest)) return 'damaged';
    return this.proven(entry, body);
  }

  private proven({ offset }: Entry, body: Buffer): Buffer {
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

  /**
   * Makes entries count no more, durably. Whoever adds to the segment meanwhile is not disturbed. Where no head stands that says what the
   * entry was, nothing counts anyway, and nothing is written.
   */
  void(entries: readonly Entry[]): void {
    const wasTrusted = this.isTrusted();
    const descriptor = openSync(this.path, constants.O_WRONLY | constants.O_NOFOLLOW);
    withPath(this.path, () => {
      try {
        for (const entry of entries) if (this.headOf(entry)?.isVoid === false) writeSync(descriptor, VOID, 0, VOID.length, entry.offset);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
    this.forget(entries);
    if (wasTrusted) this.standing = this.look()?.stamp ?? '';
  }

  /** The head of an entry, if it still stands where it did. */
  private headOf({ kind, key, offset }: Entry): Head | undefined {
    const bytes = Buffer.allocUnsafe(HEAD);
    const head = readHead(this.name, offset, bytes.subarray(0, readAt(this.open(), bytes, offset)));
    return head?.kind === kind && head.key.equals(key) ? head : undefined;
  }

  /** Uses entries no more. */
  forget(entries: readonly Entry[]): void {
    for (const entry of entries) this.known.remove(entry);
    this.isNoted = false;
  }

  /** Takes back what is not known to be on the disk, as far as that can be done. */
  takeBack(): void {
    const lost = KINDS.flatMap((kind) => [...this.known.since(kind)]).filter(({ offset }) => offset >= this.durable);
    ifPossible(() => this.void(lost));
    this.forget(lost);
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
    const { covered, standing: stamp } = this;
    const added = KINDS.flatMap((kind) => [...this.known.since(kind)]);
    const base = added.length > MOST_ADDED || this.known.hasGone ? undefined : this.base;
    if (base === undefined || !addToNote(this.notePath, base, { covered, stamp, added })) {
      const { content, result: results } = this.known.settled();
      this.base = writeNote(this.notePath, { covered, stamp, content, results });
    }
    this.isNoted = true;
  }

  /** Does what adds to or shortens the segment; what was proven before stays so, unless someone else changed the file. */
  change(work: () => { readonly added: readonly Entry[]; readonly end: number }): void {
    const wasTrusted = this.isTrusted();
    const { epoch } = this;
    const { added, end } = work();
    for (const entry of added) this.known.add(entry);
    this.covered = end;
    this.isNoted = false;
    const stamp = this.look()?.stamp ?? '';
    this.epoch = epoch;
    if (wasTrusted) this.standing = stamp;
    for (const { offset } of added) this.hashed.set(offset, epoch);
  }
}
