import type { Event } from './event.ts';
import type { VariantParams, SweepResult, SweepSpec, Trial } from './sweep.ts';

/** How trials stand against each other, by number. */
export interface Standing {
  /** The trials that count, the best first. */
  readonly ranking: readonly number[];
  readonly best: number | undefined;
}

/** What can happen in a sweep, without its time. */
export type SweepHappening =
  | ({
      readonly type: 'sweep-started';
      readonly sweep: string;
      readonly spec: SweepSpec;
      /** How many trials there will be, where that is known. */
      readonly count: number | undefined;
      /** Those of an earlier start; the finished ones among them are kept. */
      readonly trials: readonly Trial[];
    } & Standing)
  | { readonly type: 'trial-started'; readonly trial: Trial }
  /** What one of a trial's runs does now. */
  | { readonly type: 'trial-progress'; readonly trial: number; readonly repeat: VariantParams; readonly event: Event }
  | ({ readonly type: 'trial-ended'; readonly trial: Trial } & Standing)
  | { readonly type: 'notice'; readonly level: 'note' | 'warning'; readonly message: string }
  | ({ readonly type: 'sweep-ended'; readonly sweep: string; readonly state: SweepResult['state'] } & Standing);

/** What happened in a sweep, and when (ISO 8601, UTC). Everyone who watches is told the same events in the same order. */
export type SweepEvent = { readonly time: string } & SweepHappening;

/** Who watches a sweep. */
export interface SweepWatcher {
  report(event: SweepEvent): void;
  /** Takes in what happened before it watched, and tells of that in short. */
  catchUp?(past: readonly SweepEvent[]): void;
  /** Watches no longer: what is drawn is taken away. */
  close?(): void;
}
