import { join } from 'node:path';
import type { Lock } from '../../model/workplace.ts';
import { telling } from '../../model/waiting.ts';
import { lockFile, tryLockFile } from '../../files/lock.ts';

/** Milliseconds between two tries. */
const PAUSE = 50;

/** Milliseconds that a store is waited for while another process removes things from it. */
const PATIENCE = 120_000;

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Who uses a store. Everyone who opened it holds a shared lock as long as the process lives, from before it plans; whoever removes things
 * holds the lock alone. So nothing that a plan has seen goes away before its run has ended.
 */
export class Presence {
  private readonly file: string;
  private lock: Lock | undefined;

  constructor(root: string) {
    this.file = join(root, 'locks', 'store');
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
  async takeAlone(signal: AbortSignal, onWait: () => void): Promise<boolean> {
    this.leave();
    this.lock = await telling(lockFile(this.file, signal), onWait);
    return this.lock !== undefined;
  }

  leave(): void {
    this.lock?.release();
    this.lock = undefined;
  }
}
