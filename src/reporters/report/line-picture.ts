import { valueAxis } from '../../text/axis.ts';
import { figure } from '../../text/figures.ts';
import { at, html, type Markup } from '../../text/markup.ts';
import { cut } from '../../text/svg.ts';
import type { Line } from './families.ts';
import { lookOf } from './legend.ts';

const FRAME = { width: 480, height: 260, left: 56, right: 12, top: 12, bottom: 34 };

/** Letters of the label of the upright axis, as far as it is high. */
const UPRIGHT = 34;

/** Points of a line up to which each is a dot. */
const DOTTED = 40;

/** What a picture of lines says beside them. */
export interface Axes {
  /** What it is of, in words. */
  readonly title: string;
  readonly xLabel: string;
  /** Empty where the title says it. */
  readonly yLabel: string;
}

/** Lines, or points that nothing joins, as a picture. */
export function linePicture({ title, xLabel, yLabel }: Axes, lines: readonly Line[], isJoined = true): Markup {
  const points = lines.flatMap((line) => line.points);
  const along = valueAxis(
    points.map(([step]) => step),
    5,
  );
  const upward = valueAxis(
    points.map(([, value]) => value),
    5,
  );
  const left = FRAME.left + (yLabel === '' ? 0 : 16);
  const end = FRAME.height - FRAME.bottom;
  const x = (step: number): number => left + ((step - along.from) / (along.to - along.from)) * (FRAME.width - left - FRAME.right);
  const y = (value: number): number => end - ((value - upward.from) / (upward.to - upward.from)) * (end - FRAME.top);
  const across = upward.marks.map(
    ({ value, label }) =>
      html`<line class="grid" x1="${left}" x2="${FRAME.width - FRAME.right}" y1="${at(y(value))}" y2="${at(y(value))}"/><text class="tick" x="${left - 6}" y="${at(y(value) + 4)}" text-anchor="end">${label}</text>`,
  );
  const isWhole = points.every(([step]) => Number.isInteger(step));
  const down = along.marks
    .filter(({ value }) => !isWhole || Number.isInteger(value))
    .map(({ value, label }) => html`<text class="tick" x="${at(x(value))}" y="${end + 16}" text-anchor="middle">${label}</text>`);
  const middle = (FRAME.top + end) / 2;
  const upright =
    yLabel === ''
      ? ''
      : html`<text class="tick" x="12" y="${at(middle)}" text-anchor="middle" transform="rotate(-90 12 ${at(middle)})">${cut(yLabel, UPRIGHT)}</text>`;
  const drawn = lines.map((line, index) => drawLine(line, index, { x, y, isJoined }));
  const what = `${title} over ${xLabel === 'step' ? 'steps' : xLabel}, as ${isJoined ? 'lines' : 'points'}; the table below says the same`;
  return html`<svg viewBox="0 0 ${FRAME.width} ${FRAME.height}" width="${FRAME.width}" height="${FRAME.height}" role="img" aria-label="${what}">${across}${down}<text class="tick" x="${at((left + FRAME.width) / 2)}" y="${FRAME.height - 2}" text-anchor="middle">${cut(xLabel, 60)}</text>${upright}${drawn}</svg>`;
}

/** Where points lie, and whether a line joins them. */
interface Placing {
  readonly x: (step: number) => number;
  readonly y: (value: number) => number;
  readonly isJoined: boolean;
}

function drawLine({ label, points }: Line, index: number, { x, y, isJoined }: Placing): Markup {
  const { colour, dash } = lookOf(index);
  const path = points.map(([step, value]) => `${at(x(step))},${at(y(value))}`).join(' ');
  const dots =
    isJoined && points.length > DOTTED
      ? []
      : points.map(
          ([step, value]) =>
            html`<circle cx="${at(x(step))}" cy="${at(y(value))}" r="2.5"><title>${label}: ${figure(value)} at ${figure(step)}</title></circle>`,
        );
  const joining = isJoined ? html`<polyline points="${path}" stroke-dasharray="${dash}"/>` : '';
  return html`<g class="line ${colour}">${joining}${dots}</g>`;
}
