import { DEFAULT_LIMIT } from '../records/rows.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { Store } from '../model/store.ts';
import type { Context } from './context.ts';
import type { ListedRun } from './records.ts';
import type { ListedSweep, ShownSweep } from './sweep-records.ts';
import type { SweepReport } from './sweep-report.ts';

/** Questions to the sweeps of a project. A sweep is named by its id, the beginning of it, a tag, or `@latest-sweep`. */
export class SweepBook {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  /** All sweeps, the one that was at work last first. */
  async list(): Promise<Outcome<readonly ListedSweep[]>> {
    return this.asked(async (store) => done((await import('./sweep-records.ts')).listSweeps(store)));
  }

  /** A sweep with all of its trials. */
  async show(word: string): Promise<Outcome<ShownSweep>> {
    return this.asked(async (store) => (await import('./sweep-records.ts')).showSweep(store, word));
  }

  /** A sweep with its plots and all that a report shows of its best trial. */
  async report(word: string): Promise<Outcome<SweepReport>> {
    return this.asked(async (store) => (await import('./sweep-report.ts')).sweepReport(store, word));
  }

  /** The id of the sweep that a word means; undefined where it means a run, or nothing that is there. */
  async meant(word: string): Promise<Outcome<string | undefined>> {
    return this.asked(async (store) => (await import('./sweep-records.ts')).sweepMeant(store, word));
  }

  /** What has run, newest first, with all runs of a sweep as one. */
  async amongRuns(limit = DEFAULT_LIMIT): Promise<Outcome<readonly (ListedRun | ListedSweep)[]>> {
    return this.asked(async (store) => done((await import('./sweep-records.ts')).foldedRuns(store, limit)));
  }

  private asked<Value>(work: (store: Store) => Promise<Outcome<Value>>): Promise<Outcome<Value>> {
    return this.context.withStore(work);
  }
}
