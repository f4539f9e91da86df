import { nodeOf } from '../../model/folded-names.ts';
import type { Curve, ReportMetric, ReportRun } from '../../model/report.ts';
import { nameOf, sharedName } from './shown-values.ts';

/** A line of a chart: one curve, or several that are the same. */
export interface Line {
  readonly label: string;
  readonly points: Curve['points'];
  /** All points that there are, where these are some of them. */
  readonly count?: number;
}

/** A value of something that does not pass like time: of an instance of a node, or of a value of a matrix variable. */
export interface Spot {
  readonly category: string;
  readonly value: number;
  /** Which of the series it is of. */
  readonly series: number;
}

/** What is drawn in one chart: the curves of a metric, of all instances of a node and of all runs. */
export type Family = { readonly title: string } & (
  | { readonly kind: 'lines'; readonly lines: readonly Line[] }
  | { readonly kind: 'spots'; readonly spots: readonly Spot[]; readonly series: readonly string[] }
);

/** Curves of the same points are one line. */
export function distinct(lines: readonly Line[]): Line[] {
  const same = new Map<string, Line[]>();
  for (const line of lines) {
    const key = JSON.stringify(line.points);
    same.set(key, [...(same.get(key) ?? []), line]);
  }
  return [...same.values()].map((all) => ({ points: [], ...all[0], label: sharedName(all.map(({ label }) => label)) }));
}

/** The charts of runs: a chart of lines for each metric over steps, and of spots where its steps are no time. */
export function curveFamilies(runs: readonly ReportRun[]): readonly Family[] {
  const found = new Map<string, { readonly curve: Curve; readonly run: number }[]>();
  runs.forEach((run, index) => {
    for (const curve of run.curves) {
      const title = `${nodeOf(curve.node)}: ${curve.metric}`;
      found.set(title, [...(found.get(title) ?? []), { curve, run: index }]);
    }
  });
  const names = runs.map(nameOf);
  // What was made last is looked for first. Within a node the metrics stand as it reports them.
  const nodes = [...new Set(runs.flatMap((run) => run.nodes.map(({ node }) => node)))];
  const place = (title: string): number => nodes.indexOf(title.slice(0, title.indexOf(':')));
  const ordered = [...found].sort(([a], [b]) => place(b) - place(a));
  return ordered.map(([title, all]): Family => {
    const over = all.find(({ curve }) => curve.over !== undefined)?.curve.over;
    const isOfOne = new Set(all.map(({ curve }) => curve.node)).size === 1;
    const lines = all.map(({ curve, run }) => ({
      label: runs.length === 1 ? curve.node : isOfOne ? (names[run] ?? '') : `${curve.node} of ${names[run]}`,
      points: curve.points,
    }));
    if (over !== undefined) {
      const series = distinct(lines);
      const spots = series.flatMap(({ points }, index) =>
        points.map(([step, value]) => ({ category: `${over} ${step}`, value, series: index })),
      );
      return { title, kind: 'spots', spots, series: series.map(({ label }) => label) };
    }
    if (all.some(({ curve }) => curve.points.length > 1)) return { title, kind: 'lines', lines: distinct(lines) };
    const spots = all.flatMap(({ curve, run }) => curve.points.map(([, value]) => ({ category: curve.node, value, series: run })));
    return { title, kind: 'spots', spots, series: names };
  });
}

/** The instance that a metric is of. */
const instanceOf = ({ name, of }: ReportMetric): string => name.slice(0, name.length - (of.length - of.indexOf('.')));

/** Charts of what the instances of nodes have come to, for each metric that says what is better or is shown first; those of a single instance have none. */
export function instanceFamilies(runs: readonly ReportRun[]): readonly Family[] {
  const found = new Map<string, Spot[]>();
  runs.forEach((run, index) => {
    for (const metric of run.metrics) {
      if (metric.name === metric.of || (metric.goal === null && !run.shown.includes(metric.of))) continue;
      found.set(metric.of, [...(found.get(metric.of) ?? []), { category: instanceOf(metric), value: metric.value, series: index }]);
    }
  });
  return [...found]
    .filter(([, spots]) => new Set(spots.map(({ category }) => category)).size > 1)
    .map(([title, spots]) => ({ title, kind: 'spots', spots, series: runs.map(nameOf) }));
}
