import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { readAt } from '../../files/read-at.ts';
import { usesLeases } from '../../files/lock.ts';
import { monotonic } from '../../model/clock.ts';

/** So many places are there, with so many marks each, of so many bytes: the beginning of a work's digest, a time, and whether it is claimed. */
const PLACES = 2048;
const MARKS = 16;
const SIZE = 16;
const KEY = 8;
const TIME = 6;
const IS_CLAIMED = KEY + TIME;

/** Behind all places: when something last came of a work that no one had claimed. */
const UNCLAIMED = PLACES * MARKS * SIZE;

/** When someone looked at what others did: milliseconds of the clock that all processes of a machine share, and that is never set. */
export type Moment = number;

/** What a work was marked with. */
interface Mark {
  readonly index: number;
  readonly isOfWork: boolean;
  readonly isClaimed: boolean;
  readonly time: Moment;
}

/**
 * Tells who has claimed a work whether anyone else may have claimed it since he last looked at what others did. If not, nothing of it can have
 * come since: neither a result nor what a killed process left. So of many that share a store none need read all that the others add to it.
 *
 * Works are marked when they are claimed and when they are let go, in a table of few marks for each place, in which the oldest give way. Of a
 * work that is not marked it is known that no one claimed it since the oldest mark at its place. One of a process that was killed says forever
 * that the work is claimed. What comes of works that no one claims, as where results are fetched by hand, counts for all. A mark that is lost, as
 * where two are written at one place at once, costs at worst that work is done twice. Where a store is shared by a file server nothing is marked,
 * and every work may have been claimed.
 */
export class ClaimMarks {
  private readonly root: string;
  private readonly path: string;
  private descriptor: number | undefined;
  /** Of the works that this process has claimed, how their places stood before it did, and when something had come of unclaimed ones. */
  private readonly before = new Map<string, { readonly marks: readonly Mark[]; readonly unclaimed: Moment }>();

  constructor(root: string) {
    this.root = root;
    this.path = join(root, 'locks', 'marks');
  }

  /** Now: whoever looks at what others did after this sees all that they did before. */
  moment(): Moment {
    return Math.floor(monotonic());
  }

  /** Marks a work that this process has just claimed. */
  begin(work: string): void {
    if (usesLeases(this.root)) return;
    ifPossible(() => {
      const marks = this.read(work);
      const unclaimed = this.timeAt(UNCLAIMED);
      this.write(work, oneToReplace(marks), true);
      this.before.set(work, { marks, unclaimed });
    });
  }

  /** Marks a work that this process is about to let go. */
  end(work: string): void {
    if (this.before.delete(work)) ifPossible(() => this.write(work, oneToReplace(this.read(work)), false));
  }

  /** Marks that something came of a work, unless it is one that this process has claimed. */
  added(): void {
    if (this.before.size > 0 || usesLeases(this.root)) return;
    ifPossible(() => writeSync(this.open(), timeOf(this.moment()), 0, TIME, UNCLAIMED));
  }

  /** Whether no one had claimed a work, which this process has, since some moment; false where that is not known. */
  isUntouched(work: string, since: Moment | undefined): boolean {
    const before = this.before.get(work);
    if (before === undefined || since === undefined || before.unclaimed >= since) return false;
    const { marks } = before;
    const own = marks.find(({ isOfWork }) => isOfWork);
    if (own !== undefined) return !own.isClaimed && own.time < since;
    // Those that gave way were no younger than what is left.
    return marks.some(({ isClaimed, time }) => !isClaimed && time < since);
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private open(): number {
    this.descriptor ??= openSync(this.path, constants.O_RDWR | constants.O_CREAT);
    return this.descriptor;
  }

  private read(work: string): Mark[] {
    const bytes = Buffer.alloc(MARKS * SIZE);
    readAt(this.open(), bytes, placeOf(work));
    const key = keyOf(work);
    return Array.from({ length: MARKS }, (_, index) => {
      const at = index * SIZE;
      const isOfWork = key.compare(bytes, at, at + KEY) === 0;
      return { index, isOfWork, isClaimed: bytes[at + IS_CLAIMED] === 1, time: this.past(bytes.readUIntLE(at + KEY, TIME)) };
    });
  }

  private timeAt(offset: number): Moment {
    const bytes = Buffer.alloc(TIME);
    readAt(this.open(), bytes, offset);
    return this.past(bytes.readUIntLE(0, TIME));
  }

  /** The clock begins anew with the machine: what is later than now was before all that is. */
  private past(time: Moment): Moment {
    return time > this.moment() ? 0 : time;
  }

  private write(work: string, { index }: Mark, isClaimed: boolean): void {
    const bytes = Buffer.alloc(SIZE);
    keyOf(work).copy(bytes);
    timeOf(this.moment()).copy(bytes, KEY);
    bytes[IS_CLAIMED] = isClaimed ? 1 : 0;
    writeSync(this.open(), bytes, 0, SIZE, placeOf(work) + index * SIZE);
  }
}

function timeOf(moment: Moment): Buffer {
  const bytes = Buffer.alloc(TIME);
  bytes.writeUIntLE(moment, 0, TIME);
  return bytes;
}

function keyOf(work: string): Buffer {
  const key = Buffer.alloc(KEY);
  key.write(work.slice(0, 2 * KEY), 'hex');
  return key;
}

function placeOf(work: string): number {
  return ((Number.parseInt(work.slice(0, 8), 16) || 0) % PLACES) * MARKS * SIZE;
}

/** The mark that a work is to have: its own, else the oldest, of those whose works are claimed only where there are no others. */
function oneToReplace(marks: readonly Mark[]): Mark {
  const byUse = [...marks].sort(
    (a, b) => Number(b.isOfWork) - Number(a.isOfWork) || Number(a.isClaimed) - Number(b.isClaimed) || a.time - b.time,
  );
  return byUse[0] as Mark;
}
