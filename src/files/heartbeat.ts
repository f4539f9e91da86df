import { closeSync, constants, fsyncSync, openSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** What the thread is given. */
export interface Heartbeat {
  /** The file that shows that the process lives. */
  readonly path: string;
  /** Where in it the sign stands. */
  readonly offset: number;
  /** Milliseconds between two signs. */
  readonly every: number;
  /** When the last sign was written, in milliseconds since 1970. */
  readonly last: BigInt64Array;
}

/** A sign that differs from the one before; all are of one length. */
export function signOf(count: number): string {
  return `${String(count).padStart(15, '0')}\n`;
}

// The thread itself: it goes on while the main one computes. What the file system refuses may be taken the next time.
const given = workerData as Heartbeat | null;
if (given !== null && typeof given === 'object' && 'every' in given) {
  const { path, offset, every, last } = given;
  let count = 0;
  setInterval(() => {
    const begun = Date.now();
    try {
      const descriptor = openSync(path, constants.O_WRONLY);
      try {
        count += 1;
        writeSync(descriptor, signOf(count), offset);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      Atomics.store(last, 0, BigInt(begun));
    } catch {
      // Seen by the age of the last sign.
    }
  }, every);
}
