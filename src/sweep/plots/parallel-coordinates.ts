import type { Json } from '../../model/json.ts';
import type { Dimension, Objective, SweepSpec, Trial } from '../../model/sweep.ts';
import { toScale } from '../space.ts';
import { figure, shown } from '../../text/figures.ts';
import type { Markup } from '../../text/markup.ts';
import { colour, cut, element, line, picture, text, tip } from '../../text/svg.ts';

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

function drawAxis({ title, note, marks }: Axis, x: number): Markup[] {
  const nearest = marks.length > 14 ? Math.ceil(marks.length / 14) : 1;
  return [
    line([x, TOP], [x, TOP + HEIGHT], { stroke: '#555' }),
    text(x, TOP - 30, cut(title, 22), { 'text-anchor': 'middle', 'font-weight': 600 }),
    ...(note === '' ? [] : [text(x, TOP - 14, note, { 'text-anchor': 'middle', fill: '#666', 'font-size': 11 })]),
    ...marks
      .filter((_, index) => index % nearest === 0)
      .flatMap(({ place, label }) => {
        const y = TOP + HEIGHT * (1 - place);
        return [
          line([x - 4, y], [x, y], { stroke: '#555' }),
          text(x - 7, y + 4, cut(label, 12), {
            'text-anchor': 'end',
            'font-size': 11,
            stroke: '#fff',
            'stroke-width': 3,
            'paint-order': 'stroke',
          }),
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

/** A line for each done trial across an axis for each param and objective; the brighter, the better in the first objective. */
export function parallelCoordinatesPlot(spec: SweepSpec, trials: readonly Trial[], best: Trial | undefined): string {
  const done = trials.filter(({ state, losses }) => state === 'done' && losses !== undefined);
  const axes = [
    ...spec.space.map((dimension) => withoutValue(paramAxis(dimension), done)),
    ...spec.objectives.map((objective) => objectiveAxis(objective, done)),
  ];
  const losses = done.map((trial) => trial.losses?.[0] ?? 0);
  const [least, most] = [Math.min(...losses), Math.max(...losses)];
  const goodness = (trial: Trial): number => (most === least ? 1 : (most - (trial.losses?.[0] ?? 0)) / (most - least));
  const ordered = [...done].sort((a, b) => Number(a === best) - Number(b === best) || goodness(a) - goodness(b));
  const lines = ordered.map((trial) => {
    const points = axes.map((axis, index) => {
      const y = TOP + HEIGHT * (1 - (axis.placeOf(trial) ?? BELOW));
      return `${index === 0 ? 'M' : 'L'}${LEFT + STEP * index} ${Number(y.toFixed(2))}`;
    });
    const isBest = trial === best;
    const style = isBest
      ? { stroke: '#d62728', 'stroke-width': 3 }
      : { stroke: colour(0.85 * goodness(trial)), 'stroke-width': 1.5, opacity: 0.8 };
    const values = Object.entries(trial.params).map(([name, value]) => `${name}=${shown(value)}`);
    return element('path', { d: points.join(' '), fill: 'none', ...style }, tip(`trial ${trial.trial}: ${values.join(' ')}`));
  });
  const left = trials.length - done.length;
  const notes = [
    `${done.length} trials`,
    ...(left > 0 ? [`${left} not shown (failed or not finished)`] : []),
    ...(best === undefined ? [] : [`red: the best, trial ${best.trial}`]),
  ];
  const width = LEFT * 2 + STEP * (axes.length - 1);
  return picture({ width: Math.max(width, 420), height: TOP + HEIGHT + 50 }, 'Trials of the sweep', [
    text(16, 26, 'Trials of the sweep', { 'font-size': 15, 'font-weight': 600 }),
    text(16, 46, notes.join(' · '), { fill: '#666' }),
    ...lines,
    ...axes.flatMap((axis, index) => drawAxis(axis, LEFT + STEP * index)),
  ]);
}
