import { isOfSystem } from '../files/durable.ts';
import type { RunRecord } from '../model/run.ts';

/** Milliseconds. */
const MOMENT = 100;

/** Writes the record of a run; ends when it is on the disk. */
export type WriteRecord = (record: RunRecord) => void | Promise<void>;

/**
 * Writes of a run that is over within a moment the record of its end alone: for runs of which nobody is told before that. One that goes on is
 * written as it began, like any other.
 */
export function writingLate(write: WriteRecord): WriteRecord {
  let timer: NodeJS.Timeout | undefined;
  let opening: Promise<void> | undefined;
  return async (record) => {
    clearTimeout(timer);
    await opening;
    if (record.state !== 'live') return write(record);
    timer = setTimeout(() => {
      opening = Promise.resolve(record).then(write).catch(unlessRefused);
    }, MOMENT).unref();
  };
}

/** What the system refuses to take of a live run it may take at the end, or that says so. */
function unlessRefused(error: unknown): void {
  if (!isOfSystem(error)) throw error;
}
