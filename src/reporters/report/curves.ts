import { figure } from '../../text/figures.ts';
import type { Curve, ReportRun } from '../../model/report.ts';
import { at, html, type Markup } from './markup.ts';

const FRAME = { width: 460, height: 250, left: 56, right: 12, top: 12, bottom: 34 };

/** Lines beyond this share the colours again. */
const COLOURS = 10;

/** A step of 1, 2 or 5 times a power of ten that cuts a span into about five. */
function tickStep(span: number): number {
  const raw = span / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const share = raw / power;
  return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

function ticks(low: number, high: number): number[] {
  const step = tickStep(high - low);
  const found: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1)
    found.push(Number((index * step).toPrecision(10)));
  return found;
}

/** The least and largest of some numbers, apart even where they are equal. */
function span(values: readonly number[]): [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const half = low === high ? Math.max(Math.abs(low) * 0.05, 0.5) : (high - low) * 0.04;
  return [low - half, high + half];
}

interface Line {
  readonly label: string;
  readonly points: Curve['points'];
}

function chart(metric: string, lines: readonly Line[]): Markup {
  const points = lines.flatMap((line) => line.points);
  const steps = points.map(([step]) => step);
  const [left, right] = span(steps);
  const [low, high] = span(points.map(([, value]) => value));
  const x = (step: number): number => FRAME.left + ((step - left) / (right - left)) * (FRAME.width - FRAME.left - FRAME.right);
  const y = (value: number): number =>
    FRAME.height - FRAME.bottom - ((value - low) / (high - low)) * (FRAME.height - FRAME.top - FRAME.bottom);
  const end = FRAME.height - FRAME.bottom;
  const across = ticks(low, high).map(
    (value) =>
      html`<line class="grid" x1="${FRAME.left}" x2="${FRAME.width - FRAME.right}" y1="${at(y(value))}" y2="${at(y(value))}"/><text class="tick" x="${FRAME.left - 6}" y="${at(y(value) + 4)}" text-anchor="end">${figure(value)}</text>`,
  );
  const down = ticks(left, right)
    .filter((step) => Number.isInteger(step) || steps.some((one) => !Number.isInteger(one)))
    .map((step) => html`<text class="tick" x="${at(x(step))}" y="${end + 16}" text-anchor="middle">${figure(step)}</text>`);
  const drawn = lines.map(({ label, points: own }, index) => {
    const path = own.map(([step, value]) => `${at(x(step))},${at(y(value))}`).join(' ');
    const dots =
      own.length > 40
        ? []
        : own.map(
            ([step, value]) =>
              html`<circle cx="${at(x(step))}" cy="${at(y(value))}" r="2.5"><title>${label}: ${figure(value)} at ${figure(step)}</title></circle>`,
          );
    return html`<g class="line c${index % COLOURS}"><polyline points="${path}"/>${dots}</g>`;
  });
  const legend = lines.map(({ label }, index) => html`<li class="c${index % COLOURS}">${label}</li>`);
  return html`<figure class="chart"><figcaption>${metric}</figcaption><svg viewBox="0 0 ${FRAME.width} ${FRAME.height}" width="${FRAME.width}" height="${FRAME.height}" role="img" aria-label="${metric} over steps">${across}${down}<text class="tick" x="${at((FRAME.left + FRAME.width) / 2)}" y="${FRAME.height - 2}" text-anchor="middle">step</text>${drawn}</svg><ul class="legend">${legend}</ul></figure>`;
}

/** A chart for each node kind and metric, with the lines of all instances and runs. */
export function curveCharts(runs: readonly ReportRun[]): readonly Markup[] {
  const charts = new Map<string, Line[]>();
  for (const run of runs) {
    for (const { node, metric, points } of run.curves) {
      const family = `${node.replace(/\[.*$/, '')}: ${metric}`;
      const label = runs.length === 1 ? node : `${node} of ${run.tags[0] ?? run.run}`;
      charts.set(family, [...(charts.get(family) ?? []), { label, points }]);
    }
  }
  return [...charts].map(([family, lines]) => chart(family, lines));
}
