import type { ReportRun } from '../../model/report.ts';
import { counted } from '../../text/amounts.ts';
import { figure } from '../../text/figures.ts';
import { html, Markup } from '../../text/markup.ts';
import { curveFamilies, type Family, instanceFamilies, type Line } from './families.ts';
import { legend, lookOf } from './legend.ts';
import { type Axes, linePicture } from './line-picture.ts';
import { dataTable, folded } from './parts.ts';
import { barChart, gridTable, pointChart } from './plot-charts.ts';
import { type PlotFamily, plotFamilies } from './plot-families.ts';
import { spotChart } from './spots.ts';
import { evenly, thinned } from '../../text/thinned.ts';

/** Points of all charts of a page: of those that a script draws, and of those that are drawn already. */
const MOST_POINTS = { data: 100_000, drawn: 30_000 };

/** Points of one line that are worth drawing. */
const MOST_OF_LINE = { data: 2000, drawn: 400 };

/** Cells and rows of the table below a chart. */
const MOST_CELLS = 4000;
const MOST_ROWS = 50;

/** How many points a line may have. */
interface Allowed {
  readonly data: number;
  readonly drawn: number;
}

/** JSON as it may stand in an element of a page, whatever its texts hold. */
const inPage = (value: object): Markup => new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));

/** Digits of a number that a chart can show. */
const short = (value: number): number => Number(value.toPrecision(7));

/** How far equal steps are moved apart, as a share of all: what draws the lines keeps one value for each. */
const APART = 1e-7;

/** Steps of which no two are equal: those that are, as where a curve rises upright, are moved apart by less than is seen. */
function distinctSteps(steps: readonly number[]): readonly number[] {
  const apart = APART * ((steps.at(-1) ?? 0) - (steps[0] ?? 0));
  let same = 0;
  return steps.map((step, index) => {
    same = index > 0 && step === steps[index - 1] ? same + 1 : 0;
    return same === 0 ? step : step + same * apart;
  });
}

/** The lines for the script that draws them. Steps that several lines share are written once. */
function dataOf(lines: readonly Line[]): Markup {
  let before = '';
  const written = lines.map(({ points }, index) => {
    const steps = distinctSteps(points.map(([step]) => short(step)));
    const text = steps.join();
    const x = text === before ? {} : { x: steps };
    before = text;
    const { colour, dash } = lookOf(index);
    return {
      ...x,
      y: points.map(([, value]) => short(value)),
      colour,
      dash: dash
        .split(' ')
        .filter((part) => part !== '')
        .map(Number),
    };
  });
  return html`<script type="application/json">${inPage(written)}</script>`;
}

/** What a chart shows, as numbers: a row for each step, or for some at even distances. */
function numbers({ title, xLabel }: Axes, lines: readonly Line[]): Markup {
  const all = [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const steps = evenly(all, Math.max(2, Math.min(MOST_ROWS, Math.floor(MOST_CELLS / lines.length))));
  const values = lines.map(({ points }) => new Map(points));
  const rows = steps.map((step) => [
    { content: figure(step) },
    ...values.map((own) => ({ content: own.has(step) ? figure(own.get(step) ?? 0) : '' })),
  ]);
  const heads = [{ head: xLabel }, ...lines.map(({ label }) => ({ head: label, isNumber: true }))];
  const total = Math.max(all.length, ...lines.map(({ count = 0 }) => count));
  const noun = xLabel === 'step' ? 'step' : 'row';
  const words = steps.length < total ? `The numbers: ${steps.length} of ${counted(total, noun)}` : 'The numbers';
  return folded(words, dataTable(`${title}: numbers`, heads, rows));
}

function lineChart(axes: Axes, lines: readonly Line[], { data, drawn }: Allowed): Markup {
  const thin = (most: number): Line[] => lines.map((line) => ({ ...line, points: thinned(line.points, most) }));
  return html`<figure class="chart lines" data-x="${axes.xLabel}" data-y="${axes.yLabel}"><figcaption>${axes.title}</figcaption>${linePicture(axes, thin(drawn))}${legend(lines.map(({ label }) => label))}${dataOf(thin(data))}${numbers(axes, lines)}</figure>`;
}

/** Points of each line, so that all charts of a page together have no more than it may hold. */
function allowedFor(count: number): Allowed {
  const share = (kind: keyof Allowed): number => Math.min(MOST_OF_LINE[kind], Math.floor(MOST_POINTS[kind] / Math.max(1, count)));
  return { data: share('data'), drawn: share('drawn') };
}

function plotChart(plot: PlotFamily, allowed: Allowed): Markup {
  switch (plot.kind) {
    case 'lines':
      return lineChart(plot, plot.lines, allowed);
    case 'points':
      return pointChart(plot);
    case 'bars':
      return barChart(plot);
    case 'grid':
      return gridTable(plot);
  }
}

/** What is drawn of runs. */
interface Charts {
  readonly drawn: readonly Markup[];
  /** Whether one is of lines, which a script can draw so that they are zoomed and smoothed. */
  readonly hasLines: boolean;
  /** What they are, as a heading. */
  readonly title: string;
}

/** The charts of runs: their metrics, then what they drew themselves as tables, then what instances have come to. */
export function charts(runs: readonly ReportRun[]): Charts {
  const [curves, plots, instances] = [curveFamilies(runs), plotFamilies(runs), instanceFamilies(runs)];
  const count = [...curves, ...plots].reduce((sum, family) => sum + (family.kind === 'lines' ? family.lines.length : 0), 0);
  const allowed = allowedFor(count);
  const chart = (family: Family): Markup =>
    family.kind === 'lines' ? lineChart({ title: family.title, xLabel: 'step', yLabel: '' }, family.lines, allowed) : spotChart(family);
  return {
    drawn: [...curves.map(chart), ...plots.map((plot) => plotChart(plot, allowed)), ...instances.map(chart)],
    hasLines: count > 0,
    title: plots.length === 0 ? 'Curves' : curves.length + instances.length === 0 ? 'Plots' : 'Curves and plots',
  };
}
