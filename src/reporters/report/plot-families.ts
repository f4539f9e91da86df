import type { Plot, PlotSeries } from '../../model/plot.ts';
import type { ReportRun } from '../../model/report.ts';
import { distinct, type Line } from './families.ts';
import { nameOf, sharedName } from './shown-values.ts';

/** A plot of all runs that have it, with its axes named. */
export type PlotFamily = { readonly title: string; readonly xLabel: string; readonly yLabel: string } & (
  | { readonly kind: 'lines'; readonly lines: readonly Line[] }
  | { readonly kind: 'points'; readonly lines: readonly Line[] }
  | { readonly kind: 'bars'; readonly bars: readonly Bars[] }
  | ({ readonly kind: 'grid' } & Pick<Extract<Plot, { as: 'grid' }>, 'columns' | 'rows' | 'values'>)
);

/** A value for each of some names. */
export interface Bars {
  readonly label: string;
  readonly points: readonly (readonly [name: string, value: number])[];
}

/** A plot of one of the runs. */
interface Owned {
  readonly plot: Plot;
  readonly run: ReportRun;
}

/** What each series is called: by what tells it from the others of the chart. */
function labelled<X>(owned: readonly (Owned & { readonly series: readonly PlotSeries<X>[] })[], runs: readonly ReportRun[]) {
  const isOfMany = new Set(owned.map(({ plot }) => plot.instance)).size > 1;
  return owned.flatMap(({ plot, run, series }) =>
    series.map(({ name, points, count }) => {
      const own = [isOfMany ? plot.instance : '', name].filter((part) => part !== '').join(', ');
      const whose = runs.length > 1 ? nameOf(run) : '';
      return {
        label: own === '' ? whose || plot.yLabel || plot.title : whose === '' ? own : `${own} of ${whose}`,
        points,
        ...(count === undefined ? {} : { count }),
      };
    }),
  );
}

const isNumbered = ({ plot }: Owned): boolean => plot.as === 'lines' || plot.as === 'points';

/** Grids of the same cells, of an instance each. */
function sameGrids(owned: readonly Owned[]): ReadonlyMap<string, readonly Owned[]> {
  const found = new Map<string, Owned[]>();
  for (const one of owned) {
    const key = JSON.stringify(one.plot);
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}

function familyOf(owned: readonly Owned[], runs: readonly ReportRun[]): PlotFamily[] {
  const [first] = owned;
  if (first === undefined) return [];
  const { title, xLabel, yLabel, as } = first.plot;
  if (as === 'grid')
    return [...sameGrids(owned).values()].flatMap(([one, ...others]) => {
      if (one?.plot.as !== 'grid') return [];
      const whose = runs.length > 1 ? sharedName([one, ...others].map(({ run }) => nameOf(run))) : '';
      return [{ kind: 'grid', ...one.plot, title: [title, one.plot.instance, whose].filter((part) => part !== '').join(', ') }];
    });
  const axes = { title, xLabel, yLabel };
  if (isNumbered(first)) {
    const lines = labelled(
      owned.flatMap((one) => (one.plot.as === 'lines' || one.plot.as === 'points' ? [{ ...one, series: one.plot.series }] : [])),
      runs,
    );
    const drawn = { ...axes, lines: distinct(lines) };
    return [as === 'points' ? { kind: 'points', ...drawn } : { kind: 'lines', ...drawn }];
  }
  const bars = labelled(
    owned.flatMap((one) => (one.plot.as === 'bars' ? [{ ...one, series: one.plot.series }] : [])),
    runs,
  );
  return [{ kind: 'bars', ...axes, bars }];
}

/** The plots of runs: those of the same output share a chart. */
export function plotFamilies(runs: readonly ReportRun[]): readonly PlotFamily[] {
  const found = new Map<string, Owned[]>();
  for (const run of runs) {
    for (const plot of run.plots) {
      const key = JSON.stringify([plot.of, plot.as]);
      found.set(key, [...(found.get(key) ?? []), { plot, run }]);
    }
  }
  return [...found.values()].flatMap((owned) => familyOf(owned, runs));
}
