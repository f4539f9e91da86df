import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Lock } from '../../model/workplace.ts';
import { type Asker, isWho, nameOf, forHowLong, telling, type Waiting } from '../../model/waiting.ts';
import { joinLeases } from './locks.ts';
import { holderOf, lockFile, noteHolder, tryLockFile } from '../../files/lock.ts';

/** Milliseconds between two tries. */
const PAUSE = 50;

/** Milliseconds that a store is waited for while another process removes things from it. */
const PATIENCE = 120_000;

const SHARED: Waiting = { reason: 'store', message: 'waits until no one uses the store', for: [] };

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Where a store's lock of those who use it lies. */
function presenceFile(root: string): string {
  return join(root, 'locks', 'store');
}

/**
 * Waits while someone has a store alone, and then keeps others from having it until the lock is let go. Undefined where the store is not
 * there yet, or the signal came first.
 */
export async function enterStore(root: string, { signal, onWait }: Pick<Asker, 'signal' | 'onWait'>): Promise<Lock | undefined> {
  const file = presenceFile(root);
  if (!existsSync(file)) return undefined;
  joinLeases(root);
  return telling(lockFile(file, signal, true), () => {
    const who = holderOf(file, isWho);
    const what =
      who === undefined
        ? 'another process, which has the store to itself'
        : `${nameOf(who)}, which has had the store to itself ${forHowLong(who)}`;
    onWait({ reason: 'store', message: `waits for ${what}`, for: who === undefined ? [] : [who] });
  });
}

/**
 * Who uses a store. Everyone who opened it holds a shared lock as long as the process lives, from before it plans; whoever removes things
 * holds the lock alone. So nothing that a plan has seen goes away before its run has ended.
 */
export class Presence {
  private readonly file: string;
  private lock: Lock | undefined;

  constructor(root: string) {
    this.file = presenceFile(root);
  }

  /** Enters beside others, waiting while someone has it alone; false if that takes too long. */
  enter(): boolean {
    for (let waited = 0; waited < PATIENCE; waited += PAUSE) {
      this.lock ??= tryLockFile(this.file, true);
      if (this.lock !== undefined) return true;
      Atomics.wait(pause, 0, 0, PAUSE);
    }
    return false;
  }

  /** Waits until no one else uses the store, and keeps others out; false if the signal comes first. */
  async takeAlone({ who, signal, onWait }: Asker): Promise<boolean> {
    this.leave();
    const lock = await telling(lockFile(this.file, signal), () => onWait(SHARED));
    if (lock !== undefined) noteHolder(lock, who);
    this.lock = lock;
    return lock !== undefined;
  }

  /** The same at once: false where anyone else uses it. */
  takeAloneNow(): boolean {
    this.leave();
    this.lock = tryLockFile(this.file);
    return this.lock !== undefined;
  }

  leave(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}
