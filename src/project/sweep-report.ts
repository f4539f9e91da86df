import { done, type Outcome } from '../model/problem.ts';
import type { ReportRun } from '../model/report.ts';
import type { Store } from '../model/store.ts';
import { ReportDesk } from '../records/report/data.ts';
import { type Plot, sweepPlots } from './sweep-files.ts';
import { type ShownSweep, showSweep } from './sweep-records.ts';

/** A sweep with all that a page shows of it. */
export interface SweepReport extends ShownSweep {
  readonly plots: readonly Plot[];
  /** The first run of its best trial, as far as its record is still there. */
  readonly bestRun: ReportRun | undefined;
}

/** All that a page shows of a sweep. */
export function sweepReport(store: Store, word: string): Outcome<SweepReport> {
  const shown = showSweep(store, word);
  if (!shown.ok) return shown;
  const { result } = shown.value;
  const [first] = result.best?.runs ?? [];
  const record = first === undefined ? undefined : store.runs.read(first.run);
  const bestRun = record === undefined ? undefined : new ReportDesk(store).report(record);
  store.flush();
  return done({ ...shown.value, plots: sweepPlots(result), bestRun });
}
