import { valueAxis } from '../../text/axis.ts';
import { figure } from '../../text/figures.ts';
import type { Curve, ReportRun } from '../../model/report.ts';
import { at, html, type Markup } from '../../text/markup.ts';

const FRAME = { width: 460, height: 250, left: 56, right: 12, top: 12, bottom: 34 };

/** Lines beyond this share the colours again. */
const COLOURS = 10;

interface Line {
  readonly label: string;
  readonly points: Curve['points'];
}

function chart(metric: string, lines: readonly Line[]): Markup {
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
