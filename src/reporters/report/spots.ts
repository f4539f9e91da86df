import { nodeOf } from '../../model/folded-names.ts';
import { valueAxis } from '../../text/axis.ts';
import { figure } from '../../text/figures.ts';
import { at, html, type Markup } from '../../text/markup.ts';
import { cutToWidth, widthOf } from '../../text/width.ts';
import type { Family, Spot } from './families.ts';
import { legend, lookOf } from './legend.ts';
import { dataTable, folded } from './parts.ts';
import { meanOf } from './shown-values.ts';

const FRAME = { width: 480, left: 150, right: 16, top: 8, bottom: 30, row: 20 };

/** Columns of a label that fit before the plot, and the most that one of them takes, in pixels. */
const LABEL = { columns: 21, pixels: 6.7 };

/** Rows that a chart has at most. */
const MOST_ROWS = 60;

const cut = (text: string): string => (widthOf(text) <= LABEL.columns ? text : `${cutToWidth(text, LABEL.columns - 1)}…`);

/** What of a category's name stands beside the plot: the point of the matrix, where all are of one node. */
function shortNames(categories: readonly string[]): readonly string[] {
  const nodes = new Set(categories.map(nodeOf));
  const points = categories.map((name) => /\[(.*)\]$/s.exec(name)?.[1]);
  return nodes.size === 1 && points.every((point) => point !== undefined) ? (points as readonly string[]) : categories;
}

/** Values of things that have no order in time: a row for each, a spot for each series. A line marks the mean of each. */
export function spotChart({ title, spots, series }: Extract<Family, { readonly kind: 'spots' }>): Markup {
  const all = [...new Set(spots.map(({ category }) => category))];
  const categories = all.slice(0, MOST_ROWS);
  const names = shortNames(categories);
  const height = FRAME.top + categories.length * FRAME.row + FRAME.bottom;
  const axis = valueAxis(
    spots.map(({ value }) => value),
    4,
  );
  const x = (value: number): number =>
    FRAME.left + ((value - axis.from) / (axis.to - axis.from)) * (FRAME.width - FRAME.left - FRAME.right);
  const y = (row: number): number => FRAME.top + (row + 0.5) * FRAME.row;
  const end = height - FRAME.bottom;
  const marks = axis.marks.map(
    ({ value, label }) =>
      html`<line class="grid" x1="${at(x(value))}" x2="${at(x(value))}" y1="${FRAME.top}" y2="${end}"/><text class="tick" x="${at(x(value))}" y="${end + 16}" text-anchor="middle">${label}</text>`,
  );
  const rows = names.map(
    (name, row) =>
      html`<text class="tick name" x="${FRAME.left - 8}" y="${at(y(row) + 4)}" text-anchor="end">${cut(name)}<title>${categories[row]}</title></text>`,
  );
  const means = series.map((_, index) =>
    meanLine(
      spots.filter((spot) => spot.series === index),
      index,
      { x, end },
    ),
  );
  const drawn = spots.flatMap((spot) => {
    const row = categories.indexOf(spot.category);
    if (row < 0) return [];
    const words = `${spot.category}${series.length > 1 ? ` of ${series[spot.series]}` : ''}: ${figure(spot.value)}`;
    return [html`<g class="${lookOf(spot.series).colour}">${marker(spot.series, x(spot.value), y(row))}<title>${words}</title></g>`];
  });
  return html`<figure class="chart"><figcaption>${title}</figcaption><svg viewBox="0 0 ${FRAME.width} ${height}" width="${FRAME.width}" height="${height}" role="img" aria-label="${title}, a value each; the table below says the same">${marks}${rows}${means}${drawn}</svg>${series.length > 1 ? legend(series) : ''}${all.length > categories.length ? html`<p class="soft">The first ${categories.length} of ${all.length}.</p>` : ''}${numbers(title, all, { spots, series })}</figure>`;
}

/** The mean of a series, where there is more than one. */
function meanLine(
  own: readonly Spot[],
  series: number,
  { x, end }: { readonly x: (value: number) => number; readonly end: number },
): Markup | undefined {
  if (own.length < 2) return undefined;
  const { colour, dash } = lookOf(series);
  const mean = meanOf(own.map(({ value }) => value));
  return html`<g class="${colour}"><line x1="${at(x(mean))}" x2="${at(x(mean))}" y1="${FRAME.top}" y2="${end}" stroke="currentColor" stroke-width="1.5" stroke-dasharray="${dash}"/><title>mean ${figure(mean)}</title></g>`;
}

/** Series differ by shape too: a circle, a square, a diamond, a triangle. */
function marker(series: number, x: number, y: number): Markup {
  const [left, right, top, bottom] = [x - 4.5, x + 4.5, y - 4.5, y + 4.5].map(at);
  if (series % 4 === 1) return html`<path class="dot" d="M${left} ${top}H${right}V${bottom}H${left}z"/>`;
  if (series % 4 === 2)
    return html`<path class="dot" d="M${at(x)} ${at(y - 6)}L${at(x + 6)} ${at(y)}L${at(x)} ${at(y + 6)}L${at(x - 6)} ${at(y)}z"/>`;
  if (series % 4 === 3) return html`<path class="dot" d="M${left} ${bottom}H${right}L${at(x)} ${top}z"/>`;
  return html`<circle class="dot" cx="${at(x)}" cy="${at(y)}" r="4.5"/>`;
}

function numbers(
  title: string,
  categories: readonly string[],
  { spots, series }: Pick<Extract<Family, { kind: 'spots' }>, 'spots' | 'series'>,
): Markup {
  const heads = [{ head: 'of' }, ...series.map((name) => ({ head: series.length > 1 ? name : 'value', isNumber: true }))];
  const rows = categories.map((category) => [
    { content: category },
    ...series.map((_, index) => {
      const found = spots.find((spot) => spot.category === category && spot.series === index);
      return { content: found === undefined ? '' : figure(found.value) };
    }),
  ]);
  return folded('The numbers', dataTable(`${title}: numbers`, heads, rows));
}
