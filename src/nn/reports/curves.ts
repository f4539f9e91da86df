import type { EpochRecord } from '../training/checkpoint.ts';
import type { Axis } from './axis.ts';
import { countAxis, valueAxis } from './axis.ts';
import type { Piece } from './svg.ts';
import { card, element, line, text } from './svg.ts';

/** What the learning curves are drawn of. */
export interface Curves {
  readonly title: string;
  readonly history: readonly EpochRecord[];
  /** The epoch whose weights are kept; undefined where those of every epoch are. */
  readonly kept: number | undefined;
}

type Measure = Exclude<keyof EpochRecord, 'epoch'>;

interface Panel {
  readonly title: string;
  readonly series: readonly { readonly measure: Measure; readonly name: string; readonly colour: string; readonly dash?: string }[];
  /** Whether the axis begins at 0. */
  readonly fromZero?: true;
}

/** One panel for each thing that is to be seen by itself; the two scores that are read against each other share one. */
const panels: readonly Panel[] = [
  { title: 'Training loss', series: [{ measure: 'loss', name: 'mean of the epoch', colour: '#b3400c' }] },
  {
    title: 'Held-out top-1 and macro-F1',
    series: [
      { measure: 'top1', name: 'top-1', colour: '#1f5fa8' },
      { measure: 'macro_f1', name: 'macro-F1', colour: '#0f7b6c', dash: '5 3' },
    ],
  },
  { title: 'Held-out top-5', series: [{ measure: 'top5', name: 'top-5', colour: '#1f5fa8' }] },
  { title: 'Learning rate', series: [{ measure: 'learning_rate', name: 'last step of the epoch', colour: '#6b3fa0' }], fromZero: true },
];

const cell = { width: 400, height: 256 };
/** The room around a panel's plot, inside its cell. */
const room = { left: 62, right: 22, top: 52, bottom: 40 };
const header = 58;
/** Up to this many epochs, each is a dot. */
const dotted = 40;

type Point = readonly [epoch: number, value: number];

function pointsOf(history: readonly EpochRecord[], measure: Measure): Point[] {
  return history.flatMap((record): Point[] => {
    const value = record[measure];
    return value === null ? [] : [[record.epoch, value]];
  });
}

/** A value to four digits, as in `0.9123` and `0.0002345`. */
const shown = (value: number): string => String(Number(value.toPrecision(4)));

/**
 * A training's learning curves as SVG: small panels of loss, held-out top-1 with macro-F1, top-5 and learning rate over the epochs; those
 * of held-out images only where some are held out. The same history gives the same bytes.
 */
export function curvesSvg({ title, history, kept }: Curves): string {
  const drawn = panels.filter(({ series }) => series.some(({ measure }) => pointsOf(history, measure).length > 0));
  const width = 2 * cell.width + 16;
  const height = header + Math.ceil(drawn.length / 2) * cell.height + 8;
  const epochs = `${history.length} ${history.length === 1 ? 'epoch' : 'epochs'}`;
  const note = kept === undefined ? 'the last' : `epoch ${kept} (upright line), whose weights are kept`;
  const places = drawn.map((panel, index) => {
    const x = 8 + (index % 2) * cell.width;
    const y = header + Math.floor(index / 2) * cell.height;
    return element('g', { transform: `translate(${x} ${y})` }, drawPanel(panel, history, kept));
  });
  return card(width, height, title, [
    text(24, 30, title, { 'font-size': 16, 'font-weight': 600, fill: '#111' }),
    text(24, 49, `${epochs}; the numbers are those of ${note}`, { fill: '#555' }),
    ...places,
  ]);
}

function drawPanel({ title, series, fromZero }: Panel, history: readonly EpochRecord[], kept: number | undefined): Piece[] {
  const lines = series.map((own) => ({ ...own, points: pointsOf(history, own.measure) })).filter(({ points }) => points.length > 0);
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const across = countAxis(Math.max(1, history.length), 8);
  const upward = valueAxis(fromZero === true ? [0, ...values] : values, 5);
  const plot = { right: cell.width - room.right, bottom: cell.height - room.bottom };
  const x = (epoch: number): number => room.left + ((plot.right - room.left) * (epoch - across.from)) / (across.to - across.from);
  const y = (value: number): number => plot.bottom - ((plot.bottom - room.top) * (value - upward.from)) / (upward.to - upward.from);
  const keptLine = kept === undefined ? [] : [line(x(kept), room.top, x(kept), plot.bottom, { stroke: '#888', 'stroke-dasharray': '2 3' })];
  return [
    text(room.left, 20, title, { 'font-weight': 600, fill: '#111' }),
    ...legend(lines, kept ?? history.length),
    ...drawAxes(across, upward, x, y),
    ...keptLine,
    ...lines.flatMap(({ points, colour, dash }) =>
      drawLine(
        points.map(([epoch, value]) => [x(epoch), y(value)] as const),
        colour,
        dash,
      ),
    ),
  ];
}

/** A sample of each line with its name and its value in the epoch that counts, from left to right below the title. */
function legend(
  lines: readonly { readonly name: string; readonly colour: string; readonly dash?: string; readonly points: readonly Point[] }[],
  epoch: number,
): Piece[] {
  const space = (cell.width - room.left - room.right) / Math.max(1, lines.length);
  return lines.flatMap(({ name, colour, dash, points }, index) => {
    const left = room.left + index * space;
    const value = points.find(([own]) => own === epoch)?.[1];
    return [
      line(left, 34, left + 22, 34, { stroke: colour, 'stroke-width': 2, ...(dash === undefined ? {} : { 'stroke-dasharray': dash }) }),
      text(left + 28, 38, value === undefined ? name : `${name}: ${shown(value)}`, { 'font-size': 11.5 }),
    ];
  });
}

function drawAxes(across: Axis, upward: Axis, x: (epoch: number) => number, y: (value: number) => number): Piece[] {
  const [left, right, top, bottom] = [x(across.from), x(across.to), y(upward.to), y(upward.from)];
  return [
    ...upward.marks.flatMap(({ value, label }) => [
      line(left, y(value), right, y(value), { stroke: '#e4e4e4' }),
      line(left - 4, y(value), left, y(value), { stroke: '#555' }),
      text(left - 8, y(value) + 4, label, { 'text-anchor': 'end', 'font-size': 11 }),
    ]),
    ...across.marks.flatMap(({ value, label }) => [
      line(x(value), bottom, x(value), bottom + 4, { stroke: '#555' }),
      text(x(value), bottom + 17, label, { 'text-anchor': 'middle', 'font-size': 11 }),
    ]),
    text((left + right) / 2, bottom + 33, 'epoch', { 'text-anchor': 'middle', 'font-size': 11, fill: '#555' }),
    element('path', { d: `M${left} ${top}V${bottom}H${right}`, fill: 'none', stroke: '#555' }),
  ];
}

function drawLine(points: readonly (readonly [number, number])[], colour: string, dash: string | undefined): Piece[] {
  const path = points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(' ');
  const stroke = {
    stroke: colour,
    'stroke-width': 2,
    'stroke-linejoin': 'round',
    ...(dash === undefined ? {} : { 'stroke-dasharray': dash }),
  };
  const dots = points.length > dotted ? [] : points.map(([cx, cy]) => element('circle', { cx, cy, r: 2.6, fill: colour }));
  return [element('polyline', { points: path, fill: 'none', ...stroke }), ...dots];
}
