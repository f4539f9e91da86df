import type { ReportRun } from '../../model/report.ts';
import { type Axis, valueAxis } from '../../text/axis.ts';
import { figure } from '../../text/figures.ts';
import type { Markup } from '../../text/markup.ts';
import { cut, element, line, picture, polyline, text, tip } from '../../text/svg.ts';
import { lookOf } from './legend.ts';
import { type PlotFamily, plotFamilies } from './plot-families.ts';
import { PALETTES } from './style.ts';
import { thinned } from '../../text/thinned.ts';

const SIZE = { width: 560, plot: 280, left: 74, right: 20, top: 52, bottom: 46 };

/** A row of the legend, a bar, and what parts the bars of two names. */
const ROW = { legend: 18, bar: 14, gap: 8, name: 22 };

/** What is drawn in one picture. */
const MOST = { points: 1000, bars: 60, labels: 12 };

/** A plot as a file. */
export interface PlotPicture {
  readonly title: string;
  readonly svg: string;
}

const colourOf = (index: number): string => PALETTES.light.lines[index % PALETTES.light.lines.length] ?? '';

/** What each line or bar is, below the plot. */
function legend(labels: readonly string[], top: number): Markup[] {
  return labels.slice(0, MOST.labels).flatMap((label, index) => {
    const y = top + index * ROW.legend;
    const { dash } = lookOf(index);
    const look = { stroke: colourOf(index), 'stroke-width': 2, ...(dash === '' ? {} : { 'stroke-dasharray': dash }) };
    return [line([SIZE.left, y], [SIZE.left + 24, y], look), text(SIZE.left + 32, y + 4, cut(label, 60), { 'font-size': 11.5 })];
  });
}

function across(axis: Axis, x: (value: number) => number, { top, end }: { readonly top: number; readonly end: number }): Markup[] {
  return axis.marks.flatMap(({ value, label }) => [
    line([x(value), top], [x(value), end], { stroke: '#e4e4e4' }),
    text(x(value), end + 17, label, { 'text-anchor': 'middle', 'font-size': 11 }),
  ]);
}

/** A picture with its title, what is in it, and the legend below. */
function framed(
  title: string,
  labels: readonly string[],
  { end, drawn }: { readonly end: number; readonly drawn: readonly Markup[] },
): string {
  const below = end + SIZE.bottom;
  const shown = labels.length > 1 ? labels : [];
  const height = below + Math.min(shown.length, MOST.labels) * ROW.legend + 8;
  const head = text(24, 30, cut(title, 60), { 'font-size': 16, 'font-weight': 600, fill: '#111' });
  return picture({ width: SIZE.width, height }, title, [head, ...drawn, ...legend(shown, below + 6)]);
}

function numbered({ title, xLabel, yLabel, lines, kind }: Extract<PlotFamily, { readonly kind: 'lines' | 'points' }>): string {
  const all = lines.flatMap(({ points }) => points);
  const [along, upward] = [0, 1].map((place) =>
    valueAxis(
      all.map((point) => point[place] ?? 0),
      6,
    ),
  ) as [Axis, Axis];
  const end = SIZE.top + SIZE.plot;
  const x = (value: number): number => SIZE.left + ((value - along.from) / (along.to - along.from)) * (SIZE.width - SIZE.left - SIZE.right);
  const y = (value: number): number => end - ((value - upward.from) / (upward.to - upward.from)) * SIZE.plot;
  const marks = upward.marks.flatMap(({ value, label }) => [
    line([SIZE.left, y(value)], [SIZE.width - SIZE.right, y(value)], { stroke: '#e4e4e4' }),
    text(SIZE.left - 8, y(value) + 4, label, { 'text-anchor': 'end', 'font-size': 11 }),
  ]);
  const middle = (SIZE.top + end) / 2;
  const names = [
    text((SIZE.left + SIZE.width) / 2, end + 36, cut(xLabel, 60), { 'text-anchor': 'middle', fill: '#555' }),
    text(18, middle, cut(yLabel, 40), { 'text-anchor': 'middle', fill: '#555', transform: `rotate(-90 18 ${middle})` }),
  ];
  const drawn = lines.flatMap(({ label, points }, index): Markup[] => {
    const placed = thinned(points, MOST.points).map(([step, value]) => [x(step), y(value)] as const);
    const { dash } = lookOf(index);
    const look = { stroke: colourOf(index), 'stroke-width': 2, ...(dash === '' ? {} : { 'stroke-dasharray': dash }) };
    if (kind === 'lines') return [polyline(placed, { ...look, 'stroke-linejoin': 'round' })];
    return placed.map(([cx, cy]) => element('circle', { cx, cy, r: 2.6, fill: colourOf(index) }, tip(label)));
  });
  const grid = across(along, x, { top: SIZE.top, end });
  return framed(
    title,
    lines.map(({ label }) => label),
    { end, drawn: [...marks, ...grid, ...names, ...drawn] },
  );
}

function barred({ title, yLabel, bars }: Extract<PlotFamily, { readonly kind: 'bars' }>): string {
  const names = [...new Set(bars.flatMap(({ points }) => points.map(([name]) => name)))].slice(0, MOST.bars);
  const values = bars.map(({ points }) => new Map(points));
  const axis = valueAxis([0, ...values.flatMap((own) => names.flatMap((name) => own.get(name) ?? []))], 5);
  const left = SIZE.left + 86;
  const x = (value: number): number => left + ((value - axis.from) / (axis.to - axis.from)) * (SIZE.width - left - SIZE.right);
  const row = bars.length * ROW.bar + ROW.gap;
  const end = SIZE.top + names.length * row;
  const drawn = names.flatMap((name, index) => {
    const top = SIZE.top + index * row + ROW.gap / 2;
    const label = text(left - 8, top + (row - ROW.gap) / 2 + 4, cut(name, ROW.name), { 'text-anchor': 'end', 'font-size': 11 });
    const lying = values.flatMap((own, place) => {
      const value = own.get(name);
      if (value === undefined) return [];
      const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
      const box = { x: from, y: top + place * ROW.bar, width: to - from, height: ROW.bar - 2, fill: colourOf(place) };
      return [element('rect', box, tip(`${name}: ${figure(value)}`))];
    });
    return [label, ...lying];
  });
  const grid = across(axis, x, { top: SIZE.top, end });
  const label = text((left + SIZE.width) / 2, end + 36, cut(yLabel, 60), { 'text-anchor': 'middle', fill: '#555' });
  return framed(
    title,
    bars.map((one) => one.label),
    { end, drawn: [...grid, label, ...drawn] },
  );
}

/** The plots of runs as files; those of several runs have the lines of all. The same plots give the same bytes. */
export function plotPictures(runs: readonly ReportRun[]): readonly PlotPicture[] {
  return plotFamilies(runs).flatMap((plot): PlotPicture[] => {
    if (plot.kind === 'grid') return [];
    return [{ title: plot.title, svg: plot.kind === 'bars' ? barred(plot) : numbered(plot) }];
  });
}
