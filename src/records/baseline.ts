import type { RunRow } from '../model/run-row.ts';
import type { RunRecord } from '../model/run.ts';
import type { RecordStore } from './find.ts';

/** The tag of the run that others of its pipeline are compared with. */
const BASELINE_TAG = 'baseline';

/**
 * The run that a run is to be compared with: the one tagged `baseline`, if it is of the same pipeline, else the newest done one before it that
 * came out otherwise. Undefined where there is none.
 */
export function baselineOf({ runs, tags }: RecordStore, { id, pipeline, hash }: RunRecord): string | undefined {
  const tagged = tags.read(BASELINE_TAG);
  if (tagged !== undefined && tagged !== id && runs.read(tagged)?.pipeline === pipeline) return tagged;
  const isOther = (row: RunRow): boolean => row.pipeline === pipeline && row.state === 'done' && row.hash !== hash;
  let isBefore = false;
  for (const row of runs.rows()) {
    if (isBefore && isOther(row)) return row.run;
    isBefore ||= row.run === id;
  }
  return undefined;
}
