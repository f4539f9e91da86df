import { valueAxis } from '../../text/axis.ts';
import { figure } from '../../text/figures.ts';
import type { Markup } from '../../text/markup.ts';
import { cut, element, line, picture, polyline, text, tip } from '../../text/svg.ts';
import { type Box, placeLabels } from './labels.ts';
import type { Scale, TradeOff, TradePoint } from './trade-off.ts';

const SIZE = { width: 760, height: 480 };
const PLOT: Box = { left: 74, top: 72, width: 660, height: 340 };
const LETTERS = 60;
/** A label is read on top of lines. */
const HALO = { stroke: '#fff', 'stroke-width': 3, 'paint-order': 'stroke' };
const FRONT = '#c0392b';
const OTHERS = '#1f5fa8';

const worded = ({ metric, goal }: Scale): string => `${cut(metric, 40)} (${goal === 'maximize' ? 'larger' : 'smaller'} is better)`;

/** A label with what it was measured under, unless that is the same for all. */
function labelled(points: readonly TradePoint[]): { readonly labels: readonly string[]; readonly shared: string } {
  const all = new Set(points.map(({ under }) => under ?? ''));
  if (all.size === 1) return { labels: points.map(({ label }) => cut(label, LETTERS)), shared: [...all][0] as string };
  return {
    labels: points.map(({ label, under }) => cut([label, under ?? ''].filter((part) => part !== '').join(', '), LETTERS)),
    shared: '',
  };
}

/** The points of two scales with those marked that none is better than on both, as a picture; the same points give the same bytes. */
export function tradeOffPicture({ across, upward, points }: TradeOff): string {
  const [horizontal, vertical] = [points.map((point) => point.across), points.map((point) => point.upward)].map((values) =>
    valueAxis(values, 6),
  );
  if (horizontal === undefined || vertical === undefined) return '';
  const x = (value: number): number => PLOT.left + (PLOT.width * (value - horizontal.from)) / (horizontal.to - horizontal.from);
  const y = (value: number): number => PLOT.top + (PLOT.height * (vertical.to - value)) / (vertical.to - vertical.from);
  const { labels, shared } = labelled(points);
  // Those of the front choose their places first.
  const order = points.map((_, index) => index).sort((a, b) => Number(points[b]?.isOnFront) - Number(points[a]?.isOnFront) || a - b);
  const boxes = placeLabels(
    order.map((index) => ({ x: x(points[index]?.across ?? 0), y: y(points[index]?.upward ?? 0), label: labels[index] ?? '' })),
    { left: 4, top: PLOT.top - 12, width: SIZE.width - 8, height: PLOT.height + 12 },
  );
  const front = points.filter(({ isOnFront }) => isOnFront).sort((a, b) => a.across - b.across);
  const left = boxes.filter((box) => box === undefined).length;
  const notes = [shared, 'red: none is better on both', ...(left > 0 ? [`${left} without room for their names: see the table`] : [])];
  return picture(SIZE, `${upward.metric} against ${across.metric}`, [
    text(20, 28, `${cut(upward.metric, 40)} against ${cut(across.metric, 40)}`, { 'font-size': 16, 'font-weight': 600, fill: '#111' }),
    text(20, 48, notes.filter((note) => note !== '').join(' · '), { fill: '#555' }),
    ...horizontal.marks.flatMap(({ value, label }) => [
      line([x(value), PLOT.top], [x(value), PLOT.top + PLOT.height], { stroke: '#eee' }),
      text(x(value), PLOT.top + PLOT.height + 18, label, { 'text-anchor': 'middle', 'font-size': 11 }),
    ]),
    ...vertical.marks.flatMap(({ value, label }) => [
      line([PLOT.left, y(value)], [PLOT.left + PLOT.width, y(value)], { stroke: '#eee' }),
      text(PLOT.left - 8, y(value) + 4, label, { 'text-anchor': 'end', 'font-size': 11 }),
    ]),
    text(PLOT.left + PLOT.width / 2, SIZE.height - 20, worded(across), { 'text-anchor': 'middle', fill: '#555' }),
    text(18, PLOT.top + PLOT.height / 2, worded(upward), {
      'text-anchor': 'middle',
      fill: '#555',
      transform: `rotate(-90 18 ${PLOT.top + PLOT.height / 2})`,
    }),
    polyline(
      front.map((point) => [x(point.across), y(point.upward)] as const),
      { stroke: FRONT, 'stroke-width': 1.5, 'stroke-dasharray': '4 3' },
    ),
    ...points.map((point) => drawPoint(point, x(point.across), y(point.upward))),
    ...order.flatMap((index, place) => {
      const [box, point] = [boxes[place], points[index]];
      return box === undefined || point === undefined ? [] : drawLabel(labels[index] ?? '', box, [x(point.across), y(point.upward)]);
    }),
  ]);
}

function drawPoint({ label, run, node, across, upward, under, isOnFront }: TradePoint, cx: number, cy: number): Markup {
  const words = [label, `${node} of ${run}`, `${figure(across)}, ${figure(upward)}`, under ?? ''].filter((part) => part !== '').join(': ');
  return element('circle', { cx, cy, r: isOnFront ? 6 : 4.5, fill: isOnFront ? FRONT : OTHERS }, tip(words));
}

/** A label, with a thin line to its point where it stands further away. */
function drawLabel(label: string, box: Box, [x, y]: readonly [x: number, y: number]): Markup[] {
  const near = [Math.min(Math.max(x, box.left), box.left + box.width), Math.min(Math.max(y, box.top), box.top + box.height)] as const;
  const far = Math.hypot(near[0] - x, near[1] - y) > 12;
  return [
    ...(far ? [line([x, y], near, { stroke: '#999', 'stroke-width': 0.7 })] : []),
    text(box.left, box.top + box.height - 3, label, {
      ...HALO,
      'font-size': 11,
      textLength: Math.round(box.width),
      lengthAdjust: 'spacingAndGlyphs',
    }),
  ];
}
