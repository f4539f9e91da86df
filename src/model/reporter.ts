import type { Event } from './event.ts';

/** Who watches a run. */
export interface Reporter {
  report(event: Event): void;
  /** Resolves when everything is drawn or written. */
  close(): Promise<void>;
}
