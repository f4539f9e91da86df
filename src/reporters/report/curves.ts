import type { ReportRun } from '../../model/report.ts';
import { valueAxis } from '../../text/axis.ts';
import { counted } from '../../text/amounts.ts';
import { figure } from '../../text/figures.ts';
import { at, html, Markup } from '../../text/markup.ts';
import { curveFamilies, type Family, instanceFamilies, type Line } from './families.ts';
import { legend, lookOf } from './legend.ts';
import { dataTable, folded } from './parts.ts';
import { spotChart } from './spots.ts';
import { evenly, thinned } from './thinned.ts';

const FRAME = { width: 480, height: 260, left: 56, right: 12, top: 12, bottom: 34 };

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

/** The lines as a picture. */
function drawing(metric: string, lines: readonly Line[]): Markup {
  const points = lines.flatMap((line) => line.points);
  const along = valueAxis(
    points.map(([step]) => step),
    5,
  );
  const upward = valueAxis(
    points.map(([, value]) => value),
    5,
  );
  const x = (step: number): number =>
    FRAME.left + ((step - along.from) / (along.to - along.from)) * (FRAME.width - FRAME.left - FRAME.right);
  const y = (value: number): number =>
    FRAME.height - FRAME.bottom - ((value - upward.from) / (upward.to - upward.from)) * (FRAME.height - FRAME.top - FRAME.bottom);
  const end = FRAME.height - FRAME.bottom;
  const across = upward.marks.map(
    ({ value, label }) =>
      html`<line class="grid" x1="${FRAME.left}" x2="${FRAME.width - FRAME.right}" y1="${at(y(value))}" y2="${at(y(value))}"/><text class="tick" x="${FRAME.left - 6}" y="${at(y(value) + 4)}" text-anchor="end">${label}</text>`,
  );
  const isWhole = points.every(([step]) => Number.isInteger(step));
  const down = along.marks
    .filter(({ value }) => !isWhole || Number.isInteger(value))
    .map(({ value, label }) => html`<text class="tick" x="${at(x(value))}" y="${end + 16}" text-anchor="middle">${label}</text>`);
  const drawn = lines.map(({ label, points: own }, index) => {
    const { colour, dash } = lookOf(index);
    const path = own.map(([step, value]) => `${at(x(step))},${at(y(value))}`).join(' ');
    const dots =
      own.length > 40
        ? []
        : own.map(
            ([step, value]) =>
              html`<circle cx="${at(x(step))}" cy="${at(y(value))}" r="2.5"><title>${label}: ${figure(value)} at ${figure(step)}</title></circle>`,
          );
    return html`<g class="line ${colour}"><polyline points="${path}" stroke-dasharray="${dash}"/>${dots}</g>`;
  });
  return html`<svg viewBox="0 0 ${FRAME.width} ${FRAME.height}" width="${FRAME.width}" height="${FRAME.height}" role="img" aria-label="${metric} over steps, as lines; the table below says the same">${across}${down}<text class="tick" x="${at((FRAME.left + FRAME.width) / 2)}" y="${FRAME.height - 2}" text-anchor="middle">step</text>${drawn}</svg>`;
}

/** JSON as it may stand in an element of a page, whatever its texts hold. */
const inPage = (value: object): Markup => new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));

/** Digits of a number that a chart can show. */
const short = (value: number): number => Number(value.toPrecision(7));

/** The lines for the script that draws them. Steps that several lines share are written once. */
function dataOf(lines: readonly Line[]): Markup {
  let before = '';
  const written = lines.map(({ points }, index) => {
    const steps = points.map(([step]) => short(step));
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
function numbers(title: string, lines: readonly Line[]): Markup {
  const all = [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const steps = evenly(all, Math.max(2, Math.min(MOST_ROWS, Math.floor(MOST_CELLS / lines.length))));
  const values = lines.map(({ points }) => new Map(points));
  const rows = steps.map((step) => [
    { content: figure(step) },
    ...values.map((own) => ({ content: own.has(step) ? figure(own.get(step) ?? 0) : '' })),
  ]);
  const heads = [{ head: 'step' }, ...lines.map(({ label }) => ({ head: label, isNumber: true }))];
  const words = steps.length < all.length ? `The numbers: ${steps.length} of ${counted(all.length, 'step')}` : 'The numbers';
  return folded(words, dataTable(`${title}: numbers`, heads, rows));
}

function lineChart(title: string, lines: readonly Line[], { data, drawn }: Allowed): Markup {
  const thin = (most: number): Line[] => lines.map((line) => ({ ...line, points: thinned(line.points, most) }));
  return html`<figure class="chart lines"><figcaption>${title}</figcaption>${drawing(title, thin(drawn))}${legend(lines.map(({ label }) => label))}${dataOf(thin(data))}${numbers(title, lines)}</figure>`;
}

/** The charts of runs, and whether one of them is of lines, which a script can draw so that they are zoomed and smoothed. */
export function charts(runs: readonly ReportRun[]): { readonly drawn: readonly Markup[]; readonly hasLines: boolean } {
  const families: readonly Family[] = [...curveFamilies(runs), ...instanceFamilies(runs)];
  const count = families.reduce((sum, family) => sum + (family.kind === 'lines' ? family.lines.length : 0), 0);
  const allowed = {
    data: Math.min(MOST_OF_LINE.data, Math.floor(MOST_POINTS.data / Math.max(1, count))),
    drawn: Math.min(MOST_OF_LINE.drawn, Math.floor(MOST_POINTS.drawn / Math.max(1, count))),
  };
  return {
    drawn: families.map((family) => (family.kind === 'lines' ? lineChart(family.title, family.lines, allowed) : spotChart(family))),
    hasLines: count > 0,
  };
}
