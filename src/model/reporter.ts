import type { Watcher } from './event.ts';

/** A watcher that shows a run, or keeps what it saw. */
export interface Reporter extends Watcher {
  /** Resolves when everything is drawn or written. */
  close(): Promise<void>;
}
