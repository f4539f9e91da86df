import { randomBytes } from 'node:crypto';
import { fsync, fsyncSync, fstatSync, ftruncateSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible, makeFolder, syncFolder } from '../../../files/durable.ts';
import { type FileLock, tryLockFile, usesLeases } from '../../../files/lock.ts';
import { withPath } from '../../../files/with-path.ts';
import { writeAll } from '../../../files/write-all.ts';
import { type Entry, HEAD, headOf, type NewEntry } from './entry.ts';
import type { Segment } from './segment.ts';

/** From this size on, in bytes, a segment is not added to any more. */
export const LARGEST = 64 * 1024 * 1024;

/** Milliseconds for which what may wait waits for others, so that one sync serves more of them. */
const MOMENT = 100;

/** A name for a new segment. */
export function newName(): string {
  return randomBytes(12).toString('hex');
}

/** A segment that this process has to itself for adding. */
interface Held {
  readonly segment: Segment;
  readonly lock: FileLock;
}

/**
 * Adds entries to a segment that no other process adds to. They are seen at once, and are on the disk when `commit` has ended: one sync
 * serves all that were added before it began.
 */
export class Writer {
  private readonly segments: () => Iterable<Segment>;
  private readonly folder: string;
  private readonly begun: (name: string) => Segment;
  private held: Held | undefined;
  private syncing: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  /** Ends the time for which the next sync waits for others. */
  hurry: () => void = () => undefined;
  /** Counts how often the disk refused to make durable what was added, and why it last did. */
  private cuts = 0;
  /** Whether this process has added anything. */
  hasAdded = false;
  private refusal: unknown;

  /** Adds to one of the segments in a folder, or begins another there. */
  constructor(segments: () => Iterable<Segment>, folder: string, begun: (name: string) => Segment) {
    this.segments = segments;
    this.folder = folder;
    this.begun = begun;
  }

  /** Whether a segment is the one that is added to. */
  isHeld(segment: Segment): boolean {
    return this.held?.segment === segment;
  }

  /** Adds entries, one after the other. */
  add(entries: readonly NewEntry[]): void {
    const { segment, lock } = this.take();
    this.hasAdded = true;
    try {
      segment.change(() => {
        const added: Entry[] = [];
        const pieces: Uint8Array[] = [];
        let offset = segment.end;
        for (const entry of entries) {
          const head = headOf(entry, { segment: segment.name, offset, durable: segment.durable });
          pieces.push(head, entry.body);
          const [key, work] = [entry.key, entry.work ?? ''].map((hex) => Buffer.from(hex, 'hex')) as [Buffer, Buffer];
          added.push({ kind: entry.kind, key, work, order: entry.order, offset, length: entry.body.length });
          offset += HEAD + entry.body.length;
        }
        withPath(segment.path, () => writeAll(lock.descriptor, Buffer.concat(pieces)));
        return { added, end: offset };
      });
    } catch (error) {
      // Where this is refused too, the next entry goes elsewhere.
      ifPossible(() => ftruncateSync(lock.descriptor, segment.end));
      throw error;
    }
  }

  private take(): Held {
    const { held } = this;
    if (held !== undefined && held.segment.end < LARGEST && this.isWhole(held)) return held;
    if (held !== undefined) this.leave(held);
    // What another machine wrote last may look shorter than it is: where several share the store each writes files of its own.
    for (const segment of usesLeases(this.folder) ? [] : this.segments()) {
      const lock = segment.end < LARGEST ? tryLockFile(segment.path) : undefined;
      if (lock === undefined) continue;
      if (fstatSync(lock.descriptor).size >= LARGEST) lock.release();
      else return this.begin({ segment, lock });
    }
    const name = newName();
    makeFolder(this.folder);
    const lock = tryLockFile(join(this.folder, name));
    if (lock === undefined) return this.take();
    syncFolder(this.folder);
    return this.begin({ segment: this.begun(name), lock });
  }

  /** Makes sure that nothing half written lies where the next entry will, and that all before it is on the disk. */
  private begin(held: Held): Held {
    const { segment, lock } = held;
    try {
      segment.settle();
      const { end } = segment;
      if (fstatSync(lock.descriptor).size > end)
        segment.change(() => {
          ftruncateSync(lock.descriptor, end);
          return { added: [], end };
        });
      if (segment.durable < end) fsyncSync(lock.descriptor);
      segment.durable = end;
    } catch (error) {
      lock.release();
      throw error;
    }
    this.held = held;
    return held;
  }

  /** Whether the file is still the store's, and ends where what was added does. */
  private isWhole({ segment, lock }: Held): boolean {
    const { nlink, size } = fstatSync(lock.descriptor);
    return nlink > 0 && size === segment.end;
  }

  /** Leaves a segment that is full, or that someone removed. */
  private leave({ segment, lock }: Held): void {
    withPath(segment.path, () => fsyncSync(lock.descriptor));
    segment.durable = segment.end;
    if (this.isWhole({ segment, lock })) segment.note();
    this.letGo();
  }

  private letGo(): void {
    const { held, syncing } = this;
    this.held = undefined;
    // A descriptor that is being synced must stay what it is.
    const release = (): void => held?.lock.release();
    if (syncing === undefined) release();
    else void syncing.then(release, release);
  }

  /** Ends when all that was added before is on the disk; with `mayWait` a moment later, if nothing that may not wait comes meanwhile. */
  async commit(mayWait = false): Promise<void> {
    const { cuts } = this;
    await this.group(mayWait);
    if (this.cuts !== cuts) throw this.refusal;
  }

  /** The sync that makes durable what was added: the one after that which goes on, since it began before. */
  private group(mayWait: boolean): Promise<void> {
    if (this.held === undefined || this.held.segment.durable >= this.held.segment.end) return this.syncing ?? Promise.resolve();
    const begin = (): Promise<void> => {
      this.next = undefined;
      this.syncing = this.sync().finally(() => {
        this.syncing = undefined;
      });
      return this.syncing;
    };
    this.next ??= Promise.all([this.syncing, this.moment()]).then(begin, begin);
    if (!mayWait) this.hurry();
    return this.next;
  }

  private moment(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, MOMENT);
      this.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async sync(): Promise<void> {
    const { held } = this;
    if (held === undefined) return;
    const { segment, lock } = held;
    const { end } = segment;
    if (segment.durable >= end) return;
    try {
      await new Promise<void>((resolve, reject) => {
        fsync(lock.descriptor, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    } catch (error) {
      this.giveUp(held, Object.assign(error as Error, { path: segment.path }));
      throw error;
    }
    segment.durable = Math.max(segment.durable, end);
  }

  /** As `commit`, for who cannot wait. */
  commitNow(): void {
    const { held } = this;
    if (held === undefined || held.segment.durable >= held.segment.end) return;
    const { segment, lock } = held;
    try {
      withPath(segment.path, () => fsyncSync(lock.descriptor));
    } catch (error) {
      this.giveUp(held, error);
      throw error;
    }
    segment.durable = segment.end;
  }

  /** What could not be made durable is taken back: a later sync would say of it that it is. */
  private giveUp(held: Held, refusal: unknown): void {
    this.cuts += 1;
    this.refusal = refusal;
    held.segment.takeBack();
    if (this.held === held) this.letGo();
  }

  /** Lets the segment go, for others to add to, once all that was added is on the disk and no one is waiting for that. */
  rest(): void {
    if (this.held === undefined || this.syncing !== undefined || this.next !== undefined) return;
    this.commitNow();
    const { segment, lock } = this.held ?? {};
    if (segment === undefined || lock === undefined) return;
    if (segment.isUnnoted) segment.note();
    this.letGo();
  }
}
