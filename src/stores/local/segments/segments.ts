import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../../files/durable.ts';
import { forgetFolder, namesIn } from '../../../files/folder.ts';
import { isLocked, tryLockFile, usesLeases } from '../../../files/lock.ts';
import { settledStamps } from '../../../files/change-times.ts';
import { trustedStamp } from '../../../files/stamp.ts';
import { isDigest } from '../../../model/canonical.ts';
import { allOf, bytesOf, compactSegments, type Counting, CROWD, smallOf } from './compact.ts';
import { type Care, type Entry, type Kind, KINDS, type NewEntry } from './entry.ts';
import { type Located, type Place, placeAt, putInQuarantine } from './located.ts';
import { Segment, SEGMENTS } from './segment.ts';
import { Writer } from './writer.ts';

/** How what has a key stands. */
export type Standing = 'whole' | 'missing' | 'damaged';

/** Small content and the records of results, in few files that only grow. */
export class Segments {
  private readonly root: string;
  private readonly folder: string;
  private readonly known = new Map<string, Segment>();
  private listedAt = '';
  /** Segments to which nothing is added any more. */
  private readonly finished = new Set<string>();
  private readonly writer: Writer;
  /** How many entries went to quarantine since this was opened. */
  losses = 0;

  constructor(root: string) {
    this.root = root;
    this.folder = join(root, SEGMENTS);
    this.writer = new Writer(
      () => this.all(),
      this.folder,
      (name) => this.opened(name),
    );
  }

  /** All segments, in the order of their names. */
  private all(): Segment[] {
    const stamp = trustedStamp(this.folder);
    if (stamp === '' || stamp !== this.listedAt) this.list();
    this.listedAt = stamp;
    return [...this.known.values()];
  }

  /** Looks for segments that came since. */
  private list(): void {
    for (const name of namesIn(this.folder)) {
      if (!/^[0-9a-f]{24}$/.test(name) || this.known.has(name)) continue;
      // What was listed may be gone by now.
      if (lstatSync(join(this.folder, name), { throwIfNoEntry: false })?.isFile() === true) this.opened(name);
    }
  }

  private opened(name: string): Segment {
    const segment = new Segment(this.root, name, (at, entry) => this.quarantine(at, entry));
    this.known.set(name, segment);
    return segment;
  }

  /** How all segments stand; empty as long as a change might not be told by that. */
  stamps(): string {
    const names = namesIn(this.folder);
    const stamps = settledStamps(
      names.map((name) => join(this.folder, name)),
      join(this.root, 'index'),
    );
    return stamps === undefined ? '' : JSON.stringify(names.map((name, index) => [name, stamps[index]]));
  }

  /** Sees what was added on other machines, whatever this one keeps of earlier looks; nothing where no other machine can add. */
  lookAnew(): void {
    if (!usesLeases(this.folder)) return;
    forgetFolder(this.folder, this.root);
    this.list();
    for (const segment of this.known.values()) {
      if (this.writer.isHeld(segment) || this.finished.has(segment.name)) continue;
      // A file that is opened anew is asked for how it stands. No one adds to one again that was let go.
      if (!isLocked(segment.path)) this.finished.add(segment.name);
      segment.close();
    }
  }

  /** Finds what others added since. */
  refresh(): void {
    let isAny = false;
    for (const segment of this.all()) {
      if (segment.refresh()) continue;
      isAny = true;
      segment.close();
      this.known.delete(segment.name);
    }
    // What counts in one that another machine removed lies in one that it made.
    if (!isAny || !usesLeases(this.folder)) return;
    forgetFolder(this.folder, this.root);
    this.list();
    for (const segment of this.known.values()) segment.refresh();
  }

  /** The entries with a key as far as they are known, in all segments or some, the one that counts first. */
  private knownOf(kind: Kind, key: string, segments: Iterable<Segment> = this.known.values()): Located[] {
    const found: Located[] = [];
    if (!isDigest(key)) return found;
    const bytes = Buffer.from(key, 'hex');
    for (const segment of segments) for (const entry of segment.find(kind, key, bytes)) found.push({ segment, entry });
    return found.length < 2 ? found : found.sort((a, b) => b.entry.order - a.entry.order || (a.segment.name < b.segment.name ? -1 : 1));
  }

  /** Whether anything has a key, as far as is known. */
  knows(kind: Kind, key: string): boolean {
    return this.knownOf(kind, key).length > 0;
  }

  /** The entries with a key, with those that others have added meanwhile where none is known yet. */
  private find(kind: Kind, key: string): Located[] {
    const found = this.knownOf(kind, key);
    if (found.length > 0) return found;
    this.refresh();
    return this.knownOf(kind, key);
  }

  /** How what has a key stands, and its bytes where they were read. What is damaged goes to quarantine. */
  private look(
    kind: Kind,
    key: string,
    care: Care,
    found = this.find(kind, key),
  ): { readonly standing: Standing; readonly at?: Located; readonly body?: Buffer } {
    let standing: Standing = 'missing';
    let candidates = found;
    const isAny = candidates.length > 0;
    for (const isAgain of [false, true]) {
      for (const at of candidates) {
        const { segment, entry } = at;
        const isProven = (care === 'stamp' && segment.isTrusted()) || ((care === 'stamp' || care === 'once') && segment.isHashed(entry));
        if (isProven) return { standing: 'whole', at };
        const body = segment.read(entry, care === 'all');
        if (typeof body !== 'string') return { standing: 'whole', at, body };
        if (body === 'damaged') {
          standing = 'damaged';
          if (!isAgain) this.quarantine(segment, entry);
        } else segment.forget([entry]);
      }
      if (!isAny || isAgain) break;
      // Someone else may have made it again.
      this.refresh();
      candidates = this.knownOf(kind, key);
    }
    return { standing };
  }

  /** Those of some keys whose entries are not known to be whole by the stamps of their segments, each of which is looked at once. */
  untrusted(kind: Kind, keys: readonly string[]): string[] {
    const places = this.placesOf(kind, keys);
    return keys.filter((_, index) => places[index] === undefined);
  }

  /** Those of some keys under which nothing whole is kept here. */
  apart(kind: Kind, keys: readonly string[]): string[] {
    return this.untrusted(kind, keys).filter((key) => this.placeOf(kind, key) === undefined);
  }

  standing(kind: Kind, key: string, care: Care): Standing {
    return this.look(kind, key, care).standing;
  }

  /** The body of what has a key, hashed; undefined where it is missing or damaged. */
  read(kind: Kind, key: string): Buffer | undefined {
    return this.look(kind, key, 'bytes').body;
  }

  /**
   * The same as far as is known, with the place where it lies. With the place where it was read before, and proven there since, there is no
   * body: it is what it was.
   */
  readUnless(kind: Kind, key: string, before: string | undefined): { readonly place: string; readonly body?: Buffer } | undefined {
    const { at, body } = this.look(kind, key, before === undefined ? 'bytes' : 'stamp', this.knownOf(kind, key));
    if (at === undefined) return undefined;
    const place = `${at.segment.name} ${at.entry.offset}`;
    if (body === undefined && place !== before) return this.readUnless(kind, key, undefined);
    return body === undefined ? { place } : { place, body };
  }

  /** Whether content is there, proven, and on the disk after a commit, so that it need not be added; `isKnown`: no one else is asked. */
  holds(key: string, isKnown = false): boolean {
    if (isKnown && !this.knows('content', key)) return false;
    const { at } = this.look('content', key, 'once');
    if (at !== undefined) this.relyOn('content', key);
    return at !== undefined;
  }

  /** Makes durable what has a key, where others added it: this process commits what it adds. */
  relyOn(kind: Kind, key: string): void {
    const [at] = this.knownOf(kind, key);
    if (at !== undefined && !this.writer.isHeld(at.segment)) at.segment.sync();
  }

  /** Where the bytes of something lie that is whole by the stamp of its segment. */
  placeOf(kind: Kind, key: string): (Place & { readonly order: number }) | undefined {
    const { at } = this.look(kind, key, 'stamp');
    return at === undefined ? undefined : { ...placeAt(at), order: at.entry.order };
  }

  /** Where the bytes lie of what has these keys, for who proves them: undefined for those that lie in no segment that stands as it did. */
  placesOf(kind: Kind, keys: readonly string[]): readonly (Place | undefined)[] {
    const segments = this.all();
    const placesIn = (some: readonly Segment[]): (Place | undefined)[] => {
      const trusted = some.filter((segment) => segment.stands());
      return keys.map((key) => {
        const [at] = this.knownOf(kind, key, trusted);
        return at === undefined ? undefined : placeAt(at);
      });
    };
    // One that was not asked for anything yet may have to be read.
    const places = placesIn(segments.filter((segment) => segment.isLoaded));
    return places.includes(undefined) ? placesIn(segments) : places;
  }

  /** The keys of all entries of a kind. */
  keys(kind: Kind): Set<string> {
    this.refresh();
    const keys = new Set<string>();
    for (const segment of this.known.values()) for (const { key } of segment.entries(kind)) keys.add(key.toString('hex'));
    return keys;
  }

  /** The fingerprints of the results of a work, as far as is known. */
  ofWork(work: string): Set<string> {
    const found = new Set<string>();
    for (const segment of this.known.values()) for (const { key } of segment.ofWork(work)) found.add(key.toString('hex'));
    return found;
  }

  /** Adds entries; others see them at once, and they are on the disk after a commit. */
  add(entries: readonly NewEntry[]): void {
    this.writer.add(entries);
  }

  /** Ends when all that was added is on the disk; with `mayWait` a moment later, together with more. */
  commit(mayWait = false): Promise<void> {
    return this.writer.commit(mayWait);
  }

  /** What may wait waits no longer. */
  hurry(): void {
    this.writer.hurry();
  }

  /** As `commit`, for who cannot wait. */
  commitNow(): void {
    this.writer.commitNow();
  }

  /** Copies a damaged entry to quarantine and makes it count no more. Where that cannot be done, as in a store that is only read, it is not used either. */
  private quarantine(segment: Segment, entry: Entry): void {
    this.losses += 1;
    ifPossible(() => putInQuarantine(this.root, { segment, entry }));
  }

  /** Makes what has these keys count no more, durably. */
  void(kind: Kind, keys: ReadonlySet<string>): void {
    if (keys.size === 0) return;
    this.refresh();
    for (const segment of this.known.values()) {
      const going = [...segment.entries(kind)].filter(({ key }) => keys.has(key.toString('hex')));
      if (going.length > 0) segment.void(going);
    }
  }

  /** All segments, and of their entries those that count. */
  private counting(): Counting[] {
    this.refresh();
    const first = (kind: Kind, { segment, entry }: Located): boolean => {
      const [found] = this.knownOf(kind, entry.key.toString('hex'));
      return found?.segment === segment && found.entry.offset === entry.offset;
    };
    return [...this.known.values()].map((segment) => ({
      segment,
      entries: KINDS.flatMap((kind) => [...segment.entries(kind)].filter((entry) => first(kind, { segment, entry }))),
    }));
  }

  /** Bytes of what counts no more. */
  idle(): number {
    return this.counting().reduce((sum, one) => sum + one.segment.end - bytesOf(one.entries), 0);
  }

  /** Gives back the room of what counts no more, all of it with `thorough`; only for who has the store alone. */
  compact(thorough = false): void {
    this.rest();
    this.rewrite(this.counting(), thorough);
  }

  /** Whether this process added to so many small segments that joining them is worth it: where machines share a store, each process writes its own. */
  get isCrowded(): boolean {
    return this.writer.hasAdded && usesLeases(this.folder) && smallOf(this.known.values()).length >= CROWD;
  }

  /** Makes one segment of all small ones; only for who has the store alone. */
  join(): void {
    this.rest();
    this.lookAnew();
    this.refresh();
    this.rewrite(smallOf(this.known.values()).map(allOf), false);
  }

  private rewrite(segments: readonly Counting[], thorough: boolean): void {
    compactSegments(this.root, segments, { thorough, onDamage: (segment, entry) => this.quarantine(segment, entry) });
    for (const segment of this.known.values()) segment.close();
    this.known.clear();
    this.listedAt = '';
  }

  /** Notes what was learned and lets go of all files. What is being made durable just now is let go the next time. */
  rest(): void {
    this.writer.rest();
    for (const segment of this.known.values()) {
      if (this.writer.isHeld(segment)) continue;
      ifPossible(() => {
        // Who adds to it notes it.
        const lock = segment.isUnnoted ? tryLockFile(segment.path) : undefined;
        if (lock !== undefined) segment.note();
        lock?.release();
      });
      segment.close();
    }
  }
}
