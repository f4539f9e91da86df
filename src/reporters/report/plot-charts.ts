import { valueAxis } from '../../text/axis.ts';
import { figure } from '../../text/figures.ts';
import { at, html, type Markup } from '../../text/markup.ts';
import { cutToWidth, widthOf } from '../../text/width.ts';
import { legend, lookOf } from './legend.ts';
import { linePicture } from './line-picture.ts';
import { dataTable, folded, region } from './parts.ts';
import type { PlotFamily } from './plot-families.ts';
import { evenly } from '../../text/thinned.ts';

type Of<Kind extends PlotFamily['kind']> = Extract<PlotFamily, { readonly kind: Kind }>;

/** A chart of bars: room for names, and the heights of a bar and of what parts two names. */
const BARS = { width: 480, left: 150, right: 16, top: 8, bottom: 40, bar: 13, gap: 7 };

/** Columns of a name beside its bars. */
const NAME = 21;

/** What is drawn in one chart. */
const MOST = { bars: 200, points: 2000, rows: 50 };

/** Points that nothing joins. */
export function pointChart({ title, xLabel, yLabel, lines }: Of<'points'>): Markup {
  const each = Math.max(2, Math.floor(MOST.points / Math.max(1, lines.length)));
  const drawn = lines.map((line) => ({ ...line, points: evenly(line.points, each) }));
  const rows = lines.flatMap(({ label, points }) =>
    evenly(points, Math.max(2, Math.floor(MOST.rows / lines.length))).map(([x, y]) => [
      { content: label },
      { content: figure(x) },
      { content: figure(y) },
    ]),
  );
  const count = lines.reduce((sum, line) => sum + (line.count ?? line.points.length), 0);
  const words = rows.length < count ? `The numbers: ${rows.length} of ${count} points` : 'The numbers';
  const heads = [{ head: 'of' }, { head: xLabel, isNumber: true }, { head: yLabel || 'value', isNumber: true }];
  return html`<figure class="chart"><figcaption>${title}</figcaption>${linePicture({ title, xLabel, yLabel }, drawn, false)}${legend(lines.map(({ label }) => label))}${folded(words, dataTable(`${title}: numbers`, heads, rows))}</figure>`;
}

const cut = (text: string): string => (widthOf(text) <= NAME ? text : `${cutToWidth(text, NAME - 1)}…`);

/** Values of names as bars that lie: one below the other for each series. */
export function barChart({ title, xLabel, yLabel, bars }: Of<'bars'>): Markup {
  const all = [...new Set(bars.flatMap(({ points }) => points.map(([name]) => name)))];
  const names = all.slice(0, Math.max(1, Math.floor(MOST.bars / Math.max(1, bars.length))));
  const values = bars.map(({ points }) => new Map(points));
  const row = bars.length * BARS.bar + BARS.gap;
  const height = BARS.top + names.length * row + BARS.bottom;
  const axis = valueAxis([0, ...values.flatMap((own) => names.flatMap((name) => own.get(name) ?? []))], 4);
  const x = (value: number): number => BARS.left + ((value - axis.from) / (axis.to - axis.from)) * (BARS.width - BARS.left - BARS.right);
  const end = height - BARS.bottom;
  const marks = axis.marks.map(
    ({ value, label }) =>
      html`<line class="grid" x1="${at(x(value))}" x2="${at(x(value))}" y1="${BARS.top}" y2="${end}"/><text class="tick" x="${at(x(value))}" y="${end + 16}" text-anchor="middle">${label}</text>`,
  );
  const rows = names.map((name, index) => {
    const top = BARS.top + index * row + BARS.gap / 2;
    const lying = bars.map(({ label }, place) => {
      const value = values[place]?.get(name);
      if (value === undefined) return '';
      const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
      return html`<rect class="dot ${lookOf(place).colour}" x="${at(from)}" y="${at(top + place * BARS.bar)}" width="${at(to - from)}" height="${BARS.bar - 2}"><title>${name}${bars.length > 1 ? `, ${label}` : ''}: ${figure(value)}</title></rect>`;
    });
    return html`<text class="tick name" x="${BARS.left - 8}" y="${at(top + (row - BARS.gap) / 2 + 3)}" text-anchor="end">${cut(name)}<title>${name}</title></text>${lying}`;
  });
  const heads = [
    { head: xLabel || 'of' },
    ...bars.map(({ label }) => ({ head: bars.length > 1 ? label : yLabel || 'value', isNumber: true })),
  ];
  const cells = all.map((name) => [
    { content: name },
    ...values.map((own) => ({ content: own.has(name) ? figure(own.get(name) ?? 0) : '' })),
  ]);
  const more = all.length > names.length ? html`<p class="soft">The first ${names.length} of ${all.length}.</p>` : '';
  return html`<figure class="chart"><figcaption>${title}</figcaption><svg viewBox="0 0 ${BARS.width} ${height}" width="${BARS.width}" height="${height}" role="img" aria-label="${title}, as bars; the table below says the same">${marks}<text class="tick" x="${at((BARS.left + BARS.width) / 2)}" y="${height - 6}" text-anchor="middle">${cut(yLabel)}</text>${rows}</svg>${bars.length > 1 ? legend(bars.map(({ label }) => label)) : ''}${more}${folded('The numbers', dataTable(`${title}: numbers`, heads, cells))}</figure>`;
}

/** How strongly a cell is filled, in nine steps. */
const SHADES = 9;

/** A value for each pair of names, the larger the stronger its cell. */
export function gridTable({ title, xLabel, yLabel, columns, rows, values }: Of<'grid'>): Markup {
  const known = values.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const shade = (value: number): number => Math.min(SHADES, 1 + Math.floor(((value - low) / (high - low || 1)) * SHADES));
  const head = columns.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  const lines = rows.map((name, row) => {
    const cells = columns.map((column, place) => {
      const value = values[row]?.[place] ?? null;
      if (value === null) return html`<td></td>`;
      return html`<td class="right s${shade(value)}" title="${name}, ${column}: ${figure(value)}">${figure(Number(value.toPrecision(3)))}</td>`;
    });
    return html`<tr><th scope="row">${name}</th>${cells}</tr>`;
  });
  const corner = `${yLabel} ↓ ${xLabel} →`;
  const table = html`<table class="confusion"><thead><tr><th scope="col">${corner}</th>${head}</tr></thead><tbody>${lines}</tbody></table>`;
  return html`<figure class="wide"><figcaption>${title}</figcaption>${region(title, table)}</figure>`;
}
