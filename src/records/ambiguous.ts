import { metricsMeant, type RunRow } from '../model/run-row.ts';
import type { Problem } from '../model/problem.ts';

/** That a name may mean several metrics of a run; undefined where it does not. */
export function ambiguousMetric(row: Pick<RunRow, 'metrics'>, name: string): Problem | undefined {
  const meant = metricsMeant(row, name);
  if (meant.length === 0) return undefined;
  const message = `the metrics ${meant.slice(0, 8).join(', ')}${meant.length > 8 ? ', …' : ''} all end with "${name}"`;
  return { kind: 'usage', code: 'ambiguous-metric', message, hint: `write more of the one that you mean: ${meant[0]}` };
}
