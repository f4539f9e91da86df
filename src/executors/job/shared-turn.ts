import { ifPossible } from '../../files/durable.ts';
import { tryLockFile } from '../../files/lock.ts';
import { MOMENT, type Who } from '../../model/waiting.ts';
import type { Begun, Note } from './turn-note.ts';

/** Milliseconds until the note names another one: before anyone is told for whom it waits. */
const PAUSE = MOMENT / 2;

/**
 * A turn that nodes of one process have together, as long as one of them does: to make and to remove a note for each costs some disks much of
 * what a short node takes. No one joins while somebody wants to be alone, who would wait for ever.
 */
export class SharedTurn {
  private note: Note;
  private readonly door: string;
  private readonly onEnd: () => void;
  /** In the order in which they came. */
  private readonly users = new Set<Who>();
  /** The one whom the note names. */
  private named: Who | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** `door`: whoever holds the lock of this file may write notes. */
  constructor(note: Note, door: string, onEnd: () => void) {
    this.note = note;
    this.door = door;
    this.onEnd = onEnd;
  }

  join(who: Who): Begun {
    const user: Who = { ...who, since: new Date().toISOString() };
    this.users.add(user);
    this.named ??= user;
    return { devices: [], descriptor: this.note.descriptor, beside: undefined, end: () => this.leave(user) };
  }

  private leave(user: Who): void {
    this.users.delete(user);
    if (this.users.size > 0) {
      if (user === this.named) this.nameAnother();
      return;
    }
    clearTimeout(this.timer);
    this.note.release(false);
    this.onEnd();
  }

  private nameAnother(): void {
    this.timer ??= setTimeout(() => this.name(), PAUSE).unref();
  }

  /** Lets the note name the one who has been there longest, if it can be written now. */
  private name(): void {
    this.timer = undefined;
    const [oldest] = this.users;
    if (oldest === undefined) return;
    ifPossible(() => {
      const lock = tryLockFile(this.door);
      if (lock === undefined) return this.nameAnother();
      try {
        this.note = this.note.change({ who: oldest });
        this.named = oldest;
      } finally {
        lock.release();
      }
    });
  }
}
