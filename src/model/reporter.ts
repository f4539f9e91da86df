import type { Event, Watcher } from './event.ts';

/** A watcher that shows a run, or keeps what it saw. */
export interface Reporter extends Watcher {
  /** Takes in what happened before it watched, and tells of that in short. */
  catchUp?(past: readonly Event[]): void;
  /** Resolves when everything is drawn or written. */
  close(): Promise<void>;
}
