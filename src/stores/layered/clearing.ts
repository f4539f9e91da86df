import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, parseJson } from '../../files/json.ts';
import type { Errand } from '../../model/store.ts';
import type { Shelf } from './shelf.ts';

// How those who send to a shelf and those who clear it keep out of each other's way. A sender that finds old content there and means to name it
// in a record notes that first (a claim), and then looks whether the shelf is being cleared. Who clears it says so first, and then looks for
// claims, and for records that have come meanwhile. So at least one of the two sees the other: content that is claimed stays, and who finds
// that a shelf is being cleared relies on nothing that was there before.

const HOUR = 60 * 60 * 1000;

/** For so long, in milliseconds, may somebody clear a shelf who has said so once; and so long is that believed: clocks of machines differ. */
const LONGEST = HOUR / 2;
const BELIEVED = 2 * HOUR;

/** For so long, in milliseconds, does a claim hold: longer than any result is on its way. */
export const CLAIMED = 48 * HOUR;

/** How often a sender looks whether a shelf is still being cleared, and how many of the pauses before a second try it waits between two looks. */
const LOOKS = 15;
const PAUSES = 7;

/** The longest of these notes. */
const MOST = 1024;

/** What says that a shelf is being cleared. */
interface Announcement {
  readonly id: string;
  /** In milliseconds since 1970. */
  readonly since: number;
}

/** What was announced of a shelf; `none`: nothing that is believed, undefined: it could not be asked. */
async function announced(shelf: Shelf, errand: Errand): Promise<Announcement | 'none' | undefined> {
  const bytes = await shelf.remote.get(shelf.clearingKey, { most: MOST }, errand);
  if (bytes === undefined || bytes === 'none') return bytes;
  const isAnnouncement = (value: unknown): value is Announcement =>
    isObject(value) && typeof value['id'] === 'string' && typeof value['since'] === 'number';
  const found = parseJson(Buffer.from(bytes).toString('utf8'), isAnnouncement);
  return found !== undefined && Math.abs(Date.now() - found.since) < BELIEVED ? found : 'none';
}

/** Claims content that was found on a shelf. False: it must not be relied on, since the shelf is being cleared or cannot be asked. */
export async function claim(shelf: Shelf, digest: string, errand: Errand): Promise<boolean> {
  const day = new Date().toISOString().slice(0, 10);
  if ((await shelf.remote.put(shelf.claimKey(day, digest), Buffer.from('\n'), errand)) === undefined) return false;
  for (let look = 1; look <= LOOKS && !errand.signal.aborted; look += 1) {
    const found = await announced(shelf, errand);
    if (found === undefined || found === 'none') return found === 'none';
    if (look < LOOKS) await sleep(PAUSES * shelf.remote.pause, undefined, { signal: errand.signal }).catch(() => undefined);
  }
  return false;
}

/** The clearing of a shelf by this process, as others see it. */
export class Clearing {
  private readonly shelf: Shelf;
  private readonly id = randomBytes(8).toString('hex');
  private readonly since = Date.now();

  private constructor(shelf: Shelf) {
    this.shelf = shelf;
  }

  /** Says that a shelf is being cleared; in words why it must not be, undefined where that could not be said. */
  static async begin(shelf: Shelf, errand: Errand): Promise<Clearing | string | undefined> {
    const clearing = new Clearing(shelf);
    const bytes = Buffer.from(JSON.stringify({ id: clearing.id, since: clearing.since } satisfies Announcement));
    for (const isAgain of [false, true]) {
      const isNew = await shelf.remote.put(shelf.clearingKey, bytes, errand);
      if (isNew === undefined) return undefined;
      if (isNew || (await clearing.isTold(errand))) return clearing;
      const found = await announced(shelf, errand);
      if (found === undefined) return undefined;
      if (found !== 'none') return `somebody else has been clearing it since ${new Date(found.since).toISOString().slice(0, 16)}Z`;
      // Who said so is gone.
      if (isAgain || !(await shelf.remote.delete([shelf.clearingKey], errand))) return undefined;
    }
    return undefined;
  }

  /** Whether others still know: only then may anything be removed. */
  async holds(errand: Errand): Promise<boolean> {
    return Date.now() - this.since < LONGEST && (await this.isTold(errand));
  }

  async end(errand: Errand): Promise<void> {
    if (await this.isTold(errand)) await this.shelf.remote.delete([this.shelf.clearingKey], errand);
  }

  private async isTold(errand: Errand): Promise<boolean> {
    const found = await announced(this.shelf, errand);
    return typeof found === 'object' && found.id === this.id;
  }
}
