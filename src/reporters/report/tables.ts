import { csv } from '../../text/csv.ts';
import { metricNames, type ReportRun } from '../../model/report.ts';

/** A line a run: what it was asked and what came out. */
export function reportCsv(runs: readonly ReportRun[]): string {
  const params = [...new Set(runs.flatMap((run) => Object.keys(run.params)))];
  const metrics = metricNames(runs);
  const head = ['run', 'hash', 'pipeline', 'state', 'started', 'seconds', ...params, ...metrics];
  const rows = runs.map((run) => [
    run.run,
    run.hash,
    run.pipeline,
    run.state,
    run.started,
    run.seconds,
    ...params.map((name) => run.params[name]),
    ...metrics.map((name) => run.metrics.find((metric) => metric.name === name)?.value),
  ]);
  return csv([head, ...rows]);
}
