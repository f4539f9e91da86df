import type { Objective, Trial } from '../../model/sweep.ts';
import { shown } from '../../text/figures.ts';
import { valueAxis } from '../../text/axis.ts';
import { at, type Markup } from '../../text/markup.ts';
import { cut, element, line, picture, polyline, text, tip } from '../../text/svg.ts';

const LEFT = 80;
const TOP = 70;
const WIDTH = 420;
const HEIGHT = 320;

function worded({ metric, goal }: Objective): string {
  return `${cut(metric, 30)} (${goal === 'maximize' ? 'larger' : 'smaller'} is better)`;
}

/** Each trial as a point over the first two objectives; the trials of the front are red and joined. */
export function paretoPlot(objectives: readonly [Objective, Objective], trials: readonly Trial[], front: readonly Trial[]): string {
  const [first, second] = objectives;
  const done = trials.filter(({ state, losses }) => state === 'done' && losses !== undefined);
  const valueIn = (trial: Trial, { metric }: Objective): number => trial.metrics[metric] ?? 0;
  const across = valueAxis(
    done.map((trial) => valueIn(trial, first)),
    5,
  );
  const upward = valueAxis(
    done.map((trial) => valueIn(trial, second)),
    5,
  );
  const x = (value: number): number => LEFT + (WIDTH * (value - across.from)) / (across.to - across.from);
  const y = (value: number): number => TOP + (HEIGHT * (upward.to - value)) / (upward.to - upward.from);
  const dot = (trial: Trial): Markup => {
    const params = Object.entries(trial.params).map(([name, value]) => `${name}=${shown(value)}`);
    const isFront = front.some((one) => one.trial === trial.trial);
    const [cx, cy] = [x(valueIn(trial, first)), y(valueIn(trial, second))];
    const words = tip(`trial ${trial.trial}${trial.feasible ? '' : ' (infeasible)'}: ${params.join(' ')}`);
    // What breaks a constraint is told by its shape too.
    if (!trial.feasible)
      return element(
        'path',
        { d: `M${at(cx - 4)} ${at(cy - 4)}l8 8m0 -8l-8 8`, fill: 'none', stroke: '#b0741a', 'stroke-width': 1.8 },
        words,
      );
    const look = isFront ? { r: 6, fill: '#c0392b' } : { r: 4, fill: '#3b528b', opacity: 0.8 };
    return element('circle', { cx, cy, ...look }, words);
  };
  const sorted = [...front].sort((a, b) => valueIn(a, first) - valueIn(b, first));
  const ticks = [
    ...across.marks.flatMap(({ value, label }) => [
      line([x(value), TOP + HEIGHT], [x(value), TOP + HEIGHT + 4], { stroke: '#555' }),
      text(x(value), TOP + HEIGHT + 18, label, { 'text-anchor': 'middle', 'font-size': 11 }),
    ]),
    ...upward.marks.flatMap(({ value, label }) => [
      line([LEFT - 4, y(value)], [LEFT, y(value)], { stroke: '#555' }),
      text(LEFT - 8, y(value) + 4, label, { 'text-anchor': 'end', 'font-size': 11 }),
    ]),
  ];
  return picture({ width: LEFT + WIDTH + 40, height: TOP + HEIGHT + 60 }, 'Pareto front', [
    text(16, 26, 'Pareto front', { 'font-size': 15, 'font-weight': 600 }),
    text(
      16,
      46,
      `large, joined: no other trial is better in both${done.some(({ feasible }) => !feasible) ? '; crosses: infeasible' : ''}`,
      { fill: '#666' },
    ),
    text(LEFT, TOP - 4, worded(second), { 'font-size': 11, 'font-weight': 600 }),
    text(LEFT + WIDTH, TOP + HEIGHT + 40, worded(first), { 'text-anchor': 'end', 'font-size': 11, 'font-weight': 600 }),
    element('path', { d: `M${LEFT} ${TOP} V${TOP + HEIGHT} H${LEFT + WIDTH}`, fill: 'none', stroke: '#555' }),
    ...ticks,
    polyline(
      sorted.map((trial) => [x(valueIn(trial, first)), y(valueIn(trial, second))]),
      { stroke: '#c0392b', 'stroke-width': 1.5, 'stroke-dasharray': '4 3' },
    ),
    ...done.filter((trial) => !front.some((one) => one.trial === trial.trial)).map(dot),
    ...sorted.map(dot),
  ]);
}
