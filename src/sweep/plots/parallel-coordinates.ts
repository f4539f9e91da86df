import type { Json } from '../../model/json.ts';
import type { Dimension, Objective, SweepSpec, Trial } from '../../model/sweep.ts';
import { toScale } from '../space.ts';
import { figure, shown } from '../../text/figures.ts';
import type { Markup } from '../../text/markup.ts';
import { cut, element, line, picture, text, tip } from '../../text/svg.ts';

const TOP = 96;
const HEIGHT = 300;
const STEP = 150;
const LEFT = 80;

/** One upright axis: where a trial crosses it (0 at the bottom, 1 at the top; undefined: it has no value there), and its marks. */
interface Axis {
  readonly title: string;
  readonly note: string;
  readonly placeOf: (trial: Trial) => number | undefined;
  readonly marks: readonly { readonly place: number; readonly label: string }[];
}

function paramAxis({ name, domain }: Dimension): Axis {
  if (domain.kind === 'choice') {
    const texts = domain.values.map((value) => JSON.stringify(value));
    const placeAt = (index: number): number => (texts.length === 1 ? 0.5 : index / (texts.length - 1));
    return {
      title: name,
      note: '',
      placeOf: ({ params }) => {
        const index = texts.indexOf(JSON.stringify(params[name] as Json));
        return index === -1 ? undefined : placeAt(index);
      },
      marks: domain.values.map((value, index) => ({ place: placeAt(index), label: shown(value) })),
    };
  }
  const [low, high] = [toScale(domain, domain.from), toScale(domain, domain.to)];
  const inside = (place: number): number => (domain.log ? Math.exp(place) : place);
  return {
    title: name,
    note: domain.log ? 'logarithmic' : '',
    placeOf: ({ params }) => (params[name] === undefined ? undefined : (toScale(domain, Number(params[name])) - low) / (high - low || 1)),
    marks: [0, 0.25, 0.5, 0.75, 1].map((place) => ({
      place,
      label: figure(Number(inside(low + place * (high - low)).toPrecision(3))),
    })),
  };
}

function objectiveAxis({ metric, goal }: Objective, trials: readonly Trial[]): Axis {
  const values = trials.map(({ metrics }) => metrics[metric] ?? 0);
  const low = Math.min(...values);
  const width = Math.max(...values) - low;
  const placeOf = (value: number): number => (width === 0 ? 0.5 : (value - low) / width);
  const ends = width === 0 ? [low] : [0, 0.25, 0.5, 0.75, 1].map((part) => low + part * width);
  return {
    title: metric,
    note: goal === 'maximize' ? 'larger is better' : 'smaller is better',
    placeOf: ({ metrics }) => placeOf(metrics[metric] ?? low),
    marks: ends.map((value) => ({ place: placeOf(value), label: figure(Number(value.toPrecision(4))) })),
  };
}

/** A label on a piece of paper of its own, so that no line crosses it. */
function paperLabel(words: string, x: number, y: number, anchor: 'start' | 'end'): Markup[] {
  const width = 6.6 * words.length + 4;
  const left = anchor === 'end' ? x - width + 2 : x - 2;
  return [
    element('rect', { x: left, y: y - 8, width, height: 16, rx: 2, fill: '#fff' }),
    text(x, y + 4, words, { 'text-anchor': anchor, 'font-size': 11 }),
  ];
}

function drawAxis({ title, note, marks }: Axis, x: number, isLast: boolean): Markup[] {
  const nearest = marks.length > 14 ? Math.ceil(marks.length / 14) : 1;
  return [
    line([x, TOP], [x, TOP + HEIGHT], { stroke: '#555' }),
    text(x, TOP - 30, cut(title, 22), { 'text-anchor': 'middle', 'font-weight': 600 }),
    ...(note === '' ? [] : [text(x, TOP - 14, note, { 'text-anchor': 'middle', fill: '#666', 'font-size': 11 })]),
    ...marks
      .filter((_, index) => index % nearest === 0)
      .flatMap(({ place, label }) => {
        const y = TOP + HEIGHT * (1 - place);
        // Beside the last axis there are no lines.
        const side = isLast ? 1 : -1;
        return [
          ...paperLabel(cut(label, 12), x + 7 * side, y, isLast ? 'start' : 'end'),
          line([x + 4 * side, y], [x, y], { stroke: '#555' }),
        ];
      }),
  ];
}

/** Where lines go that have no value on an axis: below it. */
const BELOW = -0.07;

/** The axis with a mark below it, if some trials have no value there. */
function withoutValue(axis: Axis, trials: readonly Trial[]): Axis {
  const isWhole = trials.every((trial) => axis.placeOf(trial) !== undefined);
  return isWhole ? axis : { ...axis, marks: [...axis.marks, { place: BELOW, label: 'not set' }] };
}

const BEST = '#c0392b';
const BROKEN = '#b0741a';

/** From a pale blue to a dark one; `place` is from 0 to 1. */
function shade(place: number): string {
  const [from, to] = [
    [168, 190, 222],
    [10, 48, 112],
  ] as const;
  return `rgb(${from.map((value, index) => Math.round(value + ((to[index] ?? value) - value) * place)).join(',')})`;
}

/** A line for each done trial across an axis for each param and objective: the darker, the better in the first objective; dashed where it is infeasible. */
export function parallelCoordinatesPlot(spec: SweepSpec, trials: readonly Trial[], best: Trial | undefined): string {
  const done = trials.filter(({ state, losses }) => state === 'done' && losses !== undefined);
  const axes = [
    ...spec.space.map((dimension) => withoutValue(paramAxis(dimension), done)),
    ...spec.objectives.map((objective) => objectiveAxis(objective, done)),
  ];
  const losses = done.map((trial) => trial.losses?.[0] ?? 0);
  const [least, most] = [Math.min(...losses), Math.max(...losses)];
  const goodness = (trial: Trial): number => (most === least ? 1 : (most - (trial.losses?.[0] ?? 0)) / (most - least));
  const isBestOne = (trial: Trial): number => Number(trial.trial === best?.trial);
  const ordered = [...done].sort(
    (a, b) => isBestOne(a) - isBestOne(b) || Number(a.feasible) - Number(b.feasible) || goodness(a) - goodness(b),
  );
  const lines = ordered.map((trial) => {
    const points = axes.map((axis, index) => {
      const y = TOP + HEIGHT * (1 - (axis.placeOf(trial) ?? BELOW));
      return `${index === 0 ? 'M' : 'L'}${LEFT + STEP * index} ${Number(y.toFixed(2))}`;
    });
    const isBest = trial.trial === best?.trial;
    const style = isBest
      ? { stroke: BEST, 'stroke-width': 3 }
      : trial.feasible
        ? { stroke: shade(goodness(trial)), 'stroke-width': 1.5 }
        : { stroke: BROKEN, 'stroke-width': 1.3, 'stroke-dasharray': '5 4' };
    const values = Object.entries(trial.params).map(([name, value]) => `${name}=${shown(value)}`);
    return element(
      'path',
      { d: points.join(' '), fill: 'none', ...style },
      tip(`trial ${trial.trial}${trial.feasible ? '' : ' (infeasible)'}: ${values.join(' ')}`),
    );
  });
  const left = trials.length - done.length;
  const infeasible = done.filter(({ feasible }) => !feasible).length;
  const notes = [
    `${done.length} trials`,
    ...(left > 0 ? [`${left} not shown (failed or not finished)`] : []),
    ...(best === undefined ? [] : [`thick: the best, trial ${best.trial}`]),
    ...(infeasible === 0 ? [] : [`dashed: ${infeasible} infeasible`]),
    'the darker, the better',
  ];
  const width = Math.max(LEFT * 2 + STEP * (axes.length - 1), 32 + Math.ceil(6.7 * notes.join(' · ').length));
  return picture({ width, height: TOP + HEIGHT + 50 }, 'Trials of the sweep', [
    text(16, 26, 'Trials of the sweep', { 'font-size': 15, 'font-weight': 600 }),
    text(16, 46, notes.join(' · '), { fill: '#666' }),
    ...lines,
    ...axes.flatMap((axis, index) => drawAxis(axis, LEFT + STEP * index, index === axes.length - 1)),
  ]);
}
