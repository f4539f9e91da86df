import type { Curve, ReportRun } from '../../model/report.ts';
import { type Axis, countAxis, valueAxis } from '../../text/axis.ts';
import type { Markup } from '../../text/markup.ts';
import { element, line, picture, polyline, text } from '../../text/svg.ts';

/** A picture as a file. */
export interface Picture {
  /** What it shows: the node's name. */
  readonly node: string;
  readonly svg: string;
}

interface Series {
  readonly metric: string;
  readonly name: string;
  readonly colour: string;
  readonly dash?: string;
}

interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  /** Whether the axis begins at 0. */
  readonly fromZero?: true;
}

/** What trainings report, a panel for each thing that is to be seen by itself; the two scores that are read against each other share one. */
const TRAINING: readonly Panel[] = [
  { title: 'Training loss', series: [{ metric: 'loss', name: 'mean of the epoch', colour: '#b3400c' }] },
  {
    title: 'Held-out top-1 and macro-F1',
    series: [
      { metric: 'top1', name: 'top-1', colour: '#1f5fa8' },
      { metric: 'macro_f1', name: 'macro-F1', colour: '#0f7b6c', dash: '5 3' },
    ],
  },
  { title: 'Held-out balanced accuracy', series: [{ metric: 'balanced_accuracy', name: 'mean of the classes', colour: '#0f7b6c' }] },
  { title: 'Held-out loss', series: [{ metric: 'held_out_loss', name: 'cross-entropy', colour: '#b3400c' }] },
  { title: 'Held-out top-5', series: [{ metric: 'top5', name: 'top-5', colour: '#1f5fa8' }] },
  { title: 'Learning rate', series: [{ metric: 'learning_rate', name: 'last step of the epoch', colour: '#6b3fa0' }], fromZero: true },
];

const CELL = { width: 400, height: 256 };
/** The room around a panel's plot, inside its cell. */
const ROOM = { left: 62, right: 22, top: 52, bottom: 40 };
const HEADER = 58;
/** Up to this many points, each is a dot. */
const DOTTED = 40;

/** The learning curves of each node of a run that reported metrics over steps. The same curves give the same bytes. */
export function learningCurves(run: ReportRun): Picture[] {
  const nodes = new Map<string, Curve[]>();
  for (const curve of run.curves) nodes.set(curve.node, [...(nodes.get(curve.node) ?? []), curve]);
  return [...nodes].map(([node, curves]) => {
    const kept = run.metrics.find(({ name }) => name === `${node}.best_epoch`)?.value;
    return { node, svg: drawCurves(node, curves, kept) };
  });
}

/** The panels that curves fill: those of trainings, then one for each other metric. */
function panelsOf(curves: readonly Curve[]): Panel[] {
  const known = TRAINING.map((panel) => ({
    ...panel,
    series: panel.series.filter(({ metric }) => curves.some((curve) => curve.metric === metric)),
  })).filter(({ series }) => series.length > 0);
  const told = new Set(known.flatMap(({ series }) => series.map(({ metric }) => metric)));
  const others = curves
    .filter(({ metric }) => !told.has(metric))
    .map(({ metric }) => ({ title: metric, series: [{ metric, name: metric, colour: '#1f5fa8' }] }));
  return [...known, ...others];
}

function drawCurves(title: string, curves: readonly Curve[], kept: number | undefined): string {
  const panels = panelsOf(curves);
  const first = Math.min(...curves.map(({ points }) => points[0]?.[0] ?? 1));
  const last = Math.max(...curves.map(({ points }) => points.at(-1)?.[0] ?? 1));
  const note = kept === undefined ? `the last step, ${last}` : `epoch ${kept} (upright line), whose weights are kept`;
  const places = panels.map((panel, index) => {
    const x = 8 + (index % 2) * CELL.width;
    const y = HEADER + Math.floor(index / 2) * CELL.height;
    return element('g', { transform: `translate(${x} ${y})` }, ...drawPanel(panel, curves, { first, last, kept }));
  });
  const size = { width: 2 * CELL.width + 16, height: HEADER + Math.ceil(panels.length / 2) * CELL.height + 8 };
  return picture(size, title, [
    text(24, 30, title, { 'font-size': 16, 'font-weight': 600, fill: '#111' }),
    text(24, 49, `the numbers are those of ${note}`, { fill: '#555' }),
    ...places,
  ]);
}

/** Which steps are drawn, and the one whose numbers are told. */
interface Steps {
  readonly first: number;
  readonly last: number;
  readonly kept: number | undefined;
}

function drawPanel({ title, series, fromZero }: Panel, curves: readonly Curve[], { first, last, kept }: Steps): Markup[] {
  const lines = series.map((own) => ({ ...own, points: curves.find(({ metric }) => metric === own.metric)?.points ?? [] }));
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value));
  const across = first >= 1 && last >= 1 ? countAxis(last, 8) : valueAxis([first, last], 6);
  const upward = valueAxis(fromZero === true ? [0, ...values] : values, 5);
  const plot = { right: CELL.width - ROOM.right, bottom: CELL.height - ROOM.bottom };
  const x = (step: number): number => ROOM.left + ((plot.right - ROOM.left) * (step - across.from)) / (across.to - across.from);
  const y = (value: number): number => plot.bottom - ((plot.bottom - ROOM.top) * (value - upward.from)) / (upward.to - upward.from);
  const mark = { stroke: '#888', 'stroke-dasharray': '2 3' };
  return [
    text(ROOM.left, 20, title, { 'font-weight': 600, fill: '#111' }),
    ...legend(lines, kept ?? last),
    ...drawAxes({ across, upward, x, y }),
    ...(kept === undefined ? [] : [line([x(kept), ROOM.top], [x(kept), plot.bottom], mark)]),
    ...lines.flatMap(({ points, colour, dash }) =>
      drawLine(
        points.map(([step, value]) => [x(step), y(value)] as const),
        strokeOf(colour, dash),
      ),
    ),
  ];
}

function strokeOf(colour: string, dash: string | undefined): { readonly stroke: string; readonly 'stroke-dasharray'?: string } {
  return { stroke: colour, ...(dash === undefined ? {} : { 'stroke-dasharray': dash }) };
}

/** A sample of each line with its name and its value at the step that counts, from left to right below the title. */
function legend(lines: readonly (Series & Pick<Curve, 'points'>)[], step: number): Markup[] {
  const space = (CELL.width - ROOM.left - ROOM.right) / Math.max(1, lines.length);
  return lines.flatMap(({ name, colour, dash, points }, index) => {
    const left = ROOM.left + index * space;
    const value = points.find(([own]) => own === step)?.[1];
    return [
      line([left, 34], [left + 22, 34], { 'stroke-width': 2, ...strokeOf(colour, dash) }),
      text(left + 28, 38, value === undefined ? name : `${name}: ${Number(value.toPrecision(4))}`, { 'font-size': 11.5 }),
    ];
  });
}

/** The two axes of a plot and where their values lie. */
interface Axes {
  readonly across: Axis;
  readonly upward: Axis;
  readonly x: (step: number) => number;
  readonly y: (value: number) => number;
}

function drawAxes({ across, upward, x, y }: Axes): Markup[] {
  const [left, right, top, bottom] = [x(across.from), x(across.to), y(upward.to), y(upward.from)];
  return [
    ...upward.marks.flatMap(({ value, label }) => [
      line([left, y(value)], [right, y(value)], { stroke: '#e4e4e4' }),
      line([left - 4, y(value)], [left, y(value)], { stroke: '#555' }),
      text(left - 8, y(value) + 4, label, { 'text-anchor': 'end', 'font-size': 11 }),
    ]),
    ...across.marks.flatMap(({ value, label }) => [
      line([x(value), bottom], [x(value), bottom + 4], { stroke: '#555' }),
      text(x(value), bottom + 17, label, { 'text-anchor': 'middle', 'font-size': 11 }),
    ]),
    text((left + right) / 2, bottom + 33, 'step', { 'text-anchor': 'middle', 'font-size': 11, fill: '#555' }),
    element('path', { d: `M${left} ${top}V${bottom}H${right}`, fill: 'none', stroke: '#555' }),
  ];
}

function drawLine(points: readonly (readonly [number, number])[], stroke: ReturnType<typeof strokeOf>): Markup[] {
  const dots = points.length > DOTTED ? [] : points.map(([cx, cy]) => element('circle', { cx, cy, r: 2.6, fill: stroke.stroke }));
  return [polyline(points, { 'stroke-width': 2, 'stroke-linejoin': 'round', ...stroke }), ...dots];
}
