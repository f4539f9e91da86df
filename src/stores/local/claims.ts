import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { isLocked, lockPart } from '../../files/lock.ts';
import { isWho, type Who } from '../../model/waiting.ts';

/** The lock of whoever executes a work, or sees to it that it is: one that no process inherits. */
export function claimPath(root: string, work: string): string {
  return lockPart(join(root, 'locks', 'claims'), work);
}

/** The file of locks on works, among the store's locks. */
export const WORKS = 'works';

/** The lock that is held as long as anything of a work lives. */
export function workPath(root: string, work: string): string {
  return lockPart(join(root, 'locks', WORKS), work);
}

/** So many places are there for notes, of so many bytes each. */
const PLACES = 256;
const ROOM = 1024;

/**
 * Who has claimed works: a file of notes for those who wait, each at a place that the work's digest gives. Where two works have the same one,
 * the later note counts, and the other work has none.
 */
export class ClaimNotes {
  private readonly path: string;
  private descriptor: number | undefined;

  constructor(root: string) {
    this.path = join(root, 'locks', 'holders');
  }

  /** Notes who has claimed a work, where the disk takes that. */
  note(work: string, who: Who): void {
    const note = Buffer.alloc(ROOM, ' ');
    const text = JSON.stringify({ work, who });
    if (note.write(text) < Buffer.byteLength(text)) return;
    ifPossible(() => {
      this.descriptor ??= openSync(this.path, constants.O_WRONLY | constants.O_CREAT);
      writeSync(this.descriptor, note, 0, ROOM, placeOf(work));
    });
  }

  /** Who holds the claim on a work; undefined where no one does, or it is not known who. */
  holder(claim: string, work: string): Who | undefined {
    if (!isLocked(claim)) return undefined;
    const bytes = Buffer.alloc(ROOM);
    ifPossible(() => {
      const descriptor = openSync(this.path, 'r');
      readSync(descriptor, bytes, 0, ROOM, placeOf(work));
      closeSync(descriptor);
    });
    const note = parseJson(bytes.toString('utf8'), isObject);
    return note?.['work'] === work && isWho(note['who']) ? note['who'] : undefined;
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}

function placeOf(work: string): number {
  return ((Number.parseInt(work.slice(0, 8), 16) || 0) % PLACES) * ROOM;
}
