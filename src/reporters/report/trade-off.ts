import { metricNames, type ReportMetric, type ReportRun, tellingParams } from '../../model/report.ts';
import { figure, written } from '../../text/figures.ts';

/** One thing that was measured, in one of the runs: what it is worth on two scales. */
export interface TradePoint {
  readonly run: string;
  /** The node that measured it. */
  readonly node: string;
  /** What tells it from the others. */
  readonly label: string;
  readonly across: number;
  readonly upward: number;
  /** What it was measured under: runtime, precision, threads. */
  readonly under: string | undefined;
  /** No other is at least as good on both scales and better on one. */
  readonly isOnFront: boolean;
}

/** A metric as a scale. */
export interface Scale {
  readonly metric: string;
  readonly goal: 'maximize' | 'minimize';
}

/** Runs on two scales that pull against each other, such as speed and accuracy. */
export interface TradeOff {
  readonly across: Scale;
  readonly upward: Scale;
  /** In the order of the runs; those that reused the same result once. */
  readonly points: readonly TradePoint[];
}

/** The scales of what `benchmark` measures: metrics by their names without the node. */
export const SPEED_AND_ACCURACY: readonly [across: string, upward: string] = ['fps', 'accuracy'];

const nodeOf = (metric: string): string => metric.slice(0, metric.lastIndexOf('.'));

/** Whether a metric has a name, with or without its node. */
const isNamed = (metric: string, name: string): boolean => metric === name || metric.slice(metric.lastIndexOf('.') + 1) === name;

/** The pairs of two metrics in a run: those of one node, or of different nodes where there is but one of each. */
function pairsOf({ metrics }: ReportRun, [across, upward]: readonly [string, string]): [ReportMetric, ReportMetric][] {
  const named = (name: string): ReportMetric[] => metrics.filter((metric) => isNamed(metric.name, name));
  const [firsts, seconds] = [named(across), named(upward)];
  const only = firsts.length === 1 && seconds.length === 1 ? seconds[0] : undefined;
  return firsts.flatMap((first): [ReportMetric, ReportMetric][] => {
    const second = seconds.find(({ name }) => nodeOf(name) === nodeOf(first.name)) ?? only;
    return second === undefined ? [] : [[first, second]];
  });
}

/** What tells a run from the others: its tag, else the params that differ, else its id. */
function labelOf(run: ReportRun, telling: readonly string[]): string {
  const values = telling.flatMap((name) =>
    run.params[name] === undefined ? [] : [`${name.slice(name.lastIndexOf('.') + 1)}=${written(run.params[name])}`],
  );
  return run.tags[0] ?? (values.length === 0 ? run.run : [...new Set(values)].join(' '));
}

/** Runs on two scales; undefined where fewer than two points have values on both. */
export function tradeOff(runs: readonly ReportRun[], scales = SPEED_AND_ACCURACY): TradeOff | undefined {
  const telling = runs.length < 2 ? [] : tellingParams(runs);
  const found = runs.flatMap((run) => {
    const pairs = pairsOf(run, scales);
    return pairs.map(([across, upward]) => {
      const instance = /\[.*\]$/s.exec(nodeOf(across.name))?.[0].slice(1, -1) ?? nodeOf(across.name);
      const own = runs.length < 2 ? [] : [labelOf(run, telling)];
      return { run: run.run, across, upward, label: [...own, ...(pairs.length > 1 ? [instance] : [])].join(' ') };
    });
  });
  const [first] = found;
  if (first === undefined || found.length < 2) return undefined;
  const [across, upward] = [first.across, first.upward].map(
    ({ name, goal }, index): Scale => ({ metric: shared(runs, scales[index] ?? name), goal: goal ?? 'maximize' }),
  ) as [Scale, Scale];
  const worth = ({ across: x, upward: y }: (typeof found)[number]): [number, number] => [
    across.goal === 'maximize' ? x.value : -x.value,
    upward.goal === 'maximize' ? y.value : -y.value,
  ];
  const dominates = (a: readonly [number, number], b: readonly [number, number]): boolean =>
    a[0] >= b[0] && a[1] >= b[1] && (a[0] > b[0] || a[1] > b[1]);
  const different = new Map(found.map((one) => [JSON.stringify([one.label, one.across.value, one.upward.value, one.across.under]), one]));
  const points = [...different.values()].map((one) => ({
    run: one.run,
    node: nodeOf(one.across.name),
    label: one.label,
    across: one.across.value,
    upward: one.upward.value,
    under: one.across.under ?? one.upward.under,
    isOnFront: !found.some((other) => dominates(worth(other), worth(one))),
  }));
  return { across, upward, points };
}

/** A metric's whole name where all runs have it of one node, else the name that was given. */
function shared(runs: readonly ReportRun[], name: string): string {
  const names = metricNames(runs).filter((metric) => isNamed(metric, name));
  return names.length === 1 ? (names[0] as string) : name;
}

/** The points as a table, the best of the first scale first. */
export function tradeOffRows({ across, upward, points }: TradeOff): string[][] {
  const sign = across.goal === 'maximize' ? -1 : 1;
  const sorted = [...points].sort((a, b) => sign * (a.across - b.across) || b.upward - a.upward);
  return [
    ['', across.metric, upward.metric, 'measured under', 'none is better on both'],
    ...sorted.map((point) => [point.label, figure(point.across), figure(point.upward), point.under ?? '', point.isOnFront ? 'yes' : '']),
  ];
}
