import type { Event, Watcher } from '../model/event.ts';
import { ifPossible } from '../files/durable.ts';
import { RecordFold } from '../model/record-fold.ts';
import type { RunRecord } from '../model/run.ts';

/** Folds a run's events into its record, and writes it when the run starts and when it ends. In between the file of events says how it stands. */
export class Ledger implements Watcher {
  private readonly fold = new RecordFold();
  private readonly write: (record: RunRecord) => void;

  constructor(write: (record: RunRecord) => void) {
    this.write = write;
  }

  /** The record as it stands. Throws before the run has started. */
  get record(): RunRecord {
    const { record } = this.fold;
    if (record === undefined) throw new Error('the run has not started');
    return record;
  }

  report(event: Event): void {
    if (!this.fold.add(event) || (event.type !== 'run-started' && event.type !== 'run-ended')) return;
    // Whoever reads a live record of a run that is gone takes it as failed too.
    if (event.type === 'run-ended' && event.state === 'failed') ifPossible(() => this.write(this.record));
    else this.write(this.record);
  }
}
