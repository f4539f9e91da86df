import type { ReportMetric, ReportRun } from '../../model/report.ts';
import { figure } from '../../text/figures.ts';

/** A metric of a run: one value, or one for each instance of its node. */
export interface Values {
  readonly values: readonly number[];
  /** Of each value the name of its instance's metric. */
  readonly names: readonly string[];
  readonly goal: ReportMetric['goal'];
  readonly measured: boolean;
  readonly disturbed: boolean;
  readonly under: string | undefined;
}

/** A metric of a run by its whole name, or by that of all instances of its node. */
export function valuesOf({ metrics }: ReportRun, name: string): Values | undefined {
  const exact = metrics.filter((metric) => metric.name === name);
  const found = exact.length > 0 ? exact : metrics.filter((metric) => metric.of === name);
  const [first] = found;
  if (first === undefined) return undefined;
  return {
    values: found.map(({ value }) => value),
    names: found.map((metric) => metric.name),
    goal: first.goal,
    measured: first.measured,
    disturbed: found.some(({ disturbed }) => disturbed === true),
    under: first.under,
  };
}

/** The mean of values; that of equal ones is exact. */
export function meanOf(values: readonly number[]): number {
  const [first = Number.NaN] = values;
  return first + values.reduce((sum, value) => sum + (value - first), 0) / values.length;
}

/** The standard deviation of a sample; 0 of a single value. */
function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
}

/** A number with the two digits that tell how far values are from each other. */
const spread = (value: number): string => String(Number(value.toPrecision(2)));

/** Values as they are read: one, or the mean of several with how far they are apart. */
export function valueText({ values }: Values): string {
  const [only = Number.NaN] = values;
  return values.length === 1 ? figure(only) : `${figure(meanOf(values))} ± ${spread(deviationOf(values))}`;
}

/** Which way a metric is better, as a sign and in words. */
export function directionOf(goal: ReportMetric['goal']): { readonly sign: string; readonly words: string } {
  if (goal === null) return { sign: '', words: '' };
  return goal === 'maximize' ? { sign: '↑', words: 'higher is better' } : { sign: '↓', words: 'lower is better' };
}

/** The names of metrics without the points of matrices, in the order of the nodes. */
export function familyNames(runs: readonly ReportRun[]): string[] {
  return [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ of }) => of)))];
}

/** The metrics among what comes first, of all runs. */
export function shownMetrics(runs: readonly ReportRun[]): string[] {
  return [...new Set(runs.flatMap((run) => run.shown.filter((name) => valuesOf(run, name) !== undefined)))];
}

/** The run that alone has the best value of a metric that says what is better: runs that share it are no winners. */
export function bestRun(runs: readonly ReportRun[], name: string): ReportRun | undefined {
  const found = runs.flatMap((run) => {
    const values = valuesOf(run, name);
    return values === undefined ? [] : [{ run, value: meanOf(values.values), goal: values.goal }];
  });
  const goal = found[0]?.goal ?? null;
  if (found.length < 2 || goal === null) return undefined;
  const sign = goal === 'maximize' ? 1 : -1;
  const sorted = [...found].sort((a, b) => sign * (b.value - a.value));
  return sorted[0]?.value === sorted[1]?.value ? undefined : sorted[0]?.run;
}

/** What a run is called on a page: its tag where it has one. */
export function nameOf({ tags, run }: ReportRun): string {
  return tags[0] ?? run;
}

/** Names that are listed for one thing. */
const MOST_NAMES = 3;

/** One name for what several are called that are the same. */
export function sharedName(names: readonly string[]): string {
  const different = [...new Set(names)];
  if (different.length <= MOST_NAMES) return different.join(' = ');
  return `${different.slice(0, MOST_NAMES - 1).join(' = ')} and ${different.length - MOST_NAMES + 1} more`;
}
