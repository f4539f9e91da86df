import type { Objective, Trial } from '../../model/sweep.ts';
import { figure, shown } from '../../text/figures.ts';
import { cut, label, picture, type Shape, shape, tip } from './svg.ts';

const LEFT = 80;
const TOP = 70;
const WIDTH = 420;
const HEIGHT = 320;

/** A scale from values to places; a twentieth of the width is left free at both ends. */
function scaleOf(values: readonly number[]): { readonly placeOf: (value: number) => number; readonly marks: readonly number[] } {
  const low = Math.min(...values);
  const width = Math.max(...values) - low || Math.abs(low) || 1;
  const marks = Math.max(...values) === low ? [low] : [0, 0.25, 0.5, 0.75, 1].map((part) => low + part * width);
  return { placeOf: (value) => 0.05 + (0.9 * (value - low)) / width, marks };
}

function worded({ metric, goal }: Objective): string {
  return `${cut(metric, 30)} (${goal === 'maximize' ? 'larger' : 'smaller'} is better)`;
}

/** Each trial as a point over the first two objectives; the trials of the front are red and joined. */
export function paretoPlot(objectives: readonly [Objective, Objective], trials: readonly Trial[], front: readonly Trial[]): string {
  const [first, second] = objectives;
  const done = trials.filter(({ state, losses }) => state === 'done' && losses !== undefined);
  const valueIn = (trial: Trial, { metric }: Objective): number => trial.metrics[metric] ?? 0;
  const across = scaleOf(done.map((trial) => valueIn(trial, first)));
  const upward = scaleOf(done.map((trial) => valueIn(trial, second)));
  const x = (value: number): number => LEFT + WIDTH * across.placeOf(value);
  const y = (value: number): number => TOP + HEIGHT * (1 - upward.placeOf(value));
  const dot = (trial: Trial): Shape => {
    const params = Object.entries(trial.params).map(([name, value]) => `${name}=${shown(value)}`);
    const isFront = front.includes(trial);
    const look = isFront ? { r: 6, fill: '#d62728' } : { r: 4, fill: trial.feasible ? '#3b528b' : '#bbb', opacity: 0.7 };
    const place = { cx: x(valueIn(trial, first)), cy: y(valueIn(trial, second)) };
    return shape('circle', { ...place, ...look }, tip(`trial ${trial.trial}: ${params.join(' ')}`));
  };
  const sorted = [...front].sort((a, b) => valueIn(a, first) - valueIn(b, first));
  const points = sorted.map((trial) => `${x(valueIn(trial, first)).toFixed(2)},${y(valueIn(trial, second)).toFixed(2)}`).join(' ');
  const ticks = [
    ...across.marks.flatMap((value) => [
      shape('line', { x1: x(value), y1: TOP + HEIGHT, x2: x(value), y2: TOP + HEIGHT + 4, stroke: '#555' }),
      label(x(value), TOP + HEIGHT + 18, figure(Number(value.toPrecision(4))), { 'text-anchor': 'middle', 'font-size': 11 }),
    ]),
    ...upward.marks.flatMap((value) => [
      shape('line', { x1: LEFT - 4, y1: y(value), x2: LEFT, y2: y(value), stroke: '#555' }),
      label(LEFT - 8, y(value) + 4, figure(Number(value.toPrecision(4))), { 'text-anchor': 'end', 'font-size': 11 }),
    ]),
  ];
  return picture(LEFT + WIDTH + 40, TOP + HEIGHT + 60, 'Pareto front', [
    label(16, 26, 'Pareto front', { 'font-size': 15, 'font-weight': 600 }),
    label(16, 46, 'red: no other trial is better in both; grey: breaks a constraint', { fill: '#666' }),
    label(LEFT, TOP - 4, worded(second), { 'font-size': 11, 'font-weight': 600 }),
    label(LEFT + WIDTH, TOP + HEIGHT + 40, worded(first), { 'text-anchor': 'end', 'font-size': 11, 'font-weight': 600 }),
    shape('path', { d: `M${LEFT} ${TOP} V${TOP + HEIGHT} H${LEFT + WIDTH}`, fill: 'none', stroke: '#555' }),
    ...ticks,
    shape('polyline', { points, fill: 'none', stroke: '#d62728', 'stroke-width': 1.5, 'stroke-dasharray': '4 3' }),
    ...done.filter((trial) => !front.includes(trial)).map(dot),
    ...sorted.map(dot),
  ]);
}
