import type { Event, Happening, Watcher } from '../model/event.ts';
import { isOfSystem } from '../files/durable.ts';
import { RecordFold } from '../model/record-fold.ts';
import type { RunRecord } from '../model/run.ts';
import type { WriteRecord } from './late-opening.ts';

/** What a run's record is written for: that it starts, and that it ends. */
export type Recorded = Happening & { readonly type: 'run-started' | 'run-ended' };

/** Folds a run's events into its record, and writes it when the run starts and when it ends. In between the file of events says how it stands. */
export class Ledger implements Watcher {
  private readonly fold = new RecordFold();
  private readonly write: WriteRecord;
  private readonly clock: () => Date;

  constructor(write: WriteRecord, clock: () => Date) {
    this.write = write;
    this.clock = clock;
  }

  /** The record as it stands. Throws before the run has started. */
  get record(): RunRecord {
    const { record } = this.fold;
    if (record === undefined) throw new Error('the run has not started');
    return record;
  }

  /** Writes the record of a run that starts or has ended. Returns what is to be told of that, once the record is on the disk. */
  async keep(happening: Recorded): Promise<Event> {
    const event = { time: this.clock().toISOString(), ...happening };
    this.fold.add(event);
    try {
      await this.write(this.record);
    } catch (error) {
      // Whoever reads a live record of a run that is gone takes it as failed too.
      const isLeftLive = event.type === 'run-ended' && event.state === 'failed' && isOfSystem(error);
      if (!isLeftLive) throw error;
    }
    return event;
  }

  report(event: Event): void {
    if (event.type !== 'run-started' && event.type !== 'run-ended') this.fold.add(event);
  }
}
