import type { Plot } from '../model/plot.ts';
import type { Confusion, Drawn } from '../model/report.ts';
import type { Seen } from '../project/records.ts';
import { counted } from '../text/amounts.ts';
import { dotChart, MOST_SERIES } from '../text/dot-chart.ts';
import { figure } from '../text/figures.ts';
import { bad, dim, good, type Line, strong } from '../text/styled.ts';
import { wrapBelow, wrappedTable } from '../text/wrapped.ts';
import { plotTitle } from './seen.ts';

/** What is shown where not all is asked for. */
const MOST = { pieces: 4, bars: 12 };

/** How much is shown. */
interface Wanted {
  readonly all: boolean;
  readonly width: number | undefined;
}

type Numbered = Extract<Plot, { readonly as: 'lines' | 'points' }>;

/** What both runs drew of the same and is not the same. */
function pairs<One>(before: readonly One[], after: readonly One[], nameOf: (one: One) => string): readonly (readonly [One, One])[] {
  const old = new Map(before.map((one) => [nameOf(one), one]));
  return after.flatMap((now): (readonly [One, One])[] => {
    const past = old.get(nameOf(now));
    return past === undefined || JSON.stringify(past) === JSON.stringify(now) ? [] : [[past, now]];
  });
}

/** The lines of both runs in one chart: of each as many as there are signs for. */
function overlaid(before: Numbered, after: Numbered, width: number | undefined): readonly Line[] {
  const most = Math.max(1, Math.floor(MOST_SERIES / 2));
  const named = (plot: Numbered, when: string) =>
    plot.series.slice(0, most).map(({ name, points }) => ({ name: name === '' ? when : `${name}, ${when}`, points }));
  const [old, now] = [named(before, 'before'), named(after, 'after')];
  return dotChart([...now, ...old], { width, isJoined: after.as === 'lines' });
}

const amounts = (plot: Extract<Plot, { readonly as: 'bars' }>): readonly (readonly [string, number])[] =>
  plot.series.flatMap(({ name, points }) => points.map(([own, value]) => [name === '' ? own : `${own}, ${name}`, value] as const));

function barChanges(
  before: Extract<Plot, { readonly as: 'bars' }>,
  after: Extract<Plot, { readonly as: 'bars' }>,
  { all, width }: Wanted,
): readonly Line[] {
  const [old, now] = [new Map(amounts(before)), new Map(amounts(after))];
  const names = [...new Set([...now.keys(), ...old.keys()])].filter((name) => old.get(name) !== now.get(name));
  const shown = all ? names : names.slice(0, MOST.bars);
  const text = (value: number | undefined): Line => (value === undefined ? dim('none') : figure(value));
  const rows = shown.map((name): readonly Line[] => [name, [text(old.get(name)), ' → ', text(now.get(name))]]);
  const left = names.length > shown.length ? [dim(`… and ${counted(names.length - shown.length, 'bar')} more: --all`)] : [];
  return [...wrappedTable(rows, { width }), ...left];
}

/** How much more often each class was taken for each than before; classes that only one of them has count nothing in the other. */
function confusionChange(before: Confusion, after: Confusion, width: number | undefined): readonly Line[] {
  const classes = [...new Set([...after.classes, ...before.classes])];
  const countIn = ({ classes: own, counts }: Confusion, truth: string, taken: string): number =>
    counts[own.indexOf(truth)]?.[own.indexOf(taken)] ?? 0;
  const rows = classes.map((truth): readonly Line[] => [
    truth,
    ...classes.map((taken): Line => {
      const change = countIn(after, truth, taken) - countIn(before, truth, taken);
      const isBetter = truth === taken ? change > 0 : change < 0;
      return change === 0 ? dim('·') : (isBetter ? good : bad)(`${change > 0 ? '+' : '−'}${Math.abs(change)}`);
    }),
  ]);
  return wrappedTable([['', ...classes.map((name) => strong(name))], ...rows], { width, isRight: (column) => column > 0 });
}

const isPicture = ({ kind }: Drawn): boolean => kind === 'picture' || kind === 'html';

/** Plots and confusion matrices of two runs, together: curves in one chart, bars and counts as their changes. */
export function changedPlots(
  before: Seen,
  after: Seen,
  { all, width, runs }: Wanted & { readonly runs: readonly string[] },
): readonly Line[] {
  const inner = width === undefined ? undefined : Math.max(width - 2, 20);
  const plots = pairs(before.plots, after.plots, ({ of, instance, as }) => JSON.stringify([of, instance, as]));
  const pieces = [
    ...plots.flatMap(([old, now]) => {
      if (old.as === 'bars' && now.as === 'bars') return [{ title: plotTitle(now), lines: barChanges(old, now, { all, width: inner }) }];
      const isNumbered = (plot: Plot): plot is Numbered => plot.as === 'lines' || plot.as === 'points';
      return isNumbered(old) && isNumbered(now) ? [{ title: plotTitle(now), lines: overlaid(old, now, inner) }] : [];
    }),
    ...pairs(before.confusions, after.confusions, ({ from }) => from).map(([old, now]) => ({
      title: `${now.from}, after less before: rows are what is so, columns what was said`,
      lines: confusionChange(old, now, inner),
    })),
  ];
  const shown = all ? pieces : pieces.slice(0, MOST.pieces);
  const left = pieces.length - shown.length;
  return [
    ...shown.flatMap(({ title, lines }): Line[] => ['', ...wrapBelow(strong(title), width, 2), ...lines.map((line): Line => ['  ', line])]),
    ...(left > 0 ? ['', dim(`… and ${counted(left, 'plot')} more: --all`)] : []),
    ...(after.drawn.some(isPicture)
      ? ['', ...wrapBelow(dim(`pictures next to each other: stillroom report ${runs.join(' ')} --output report.html`), width, 2)]
      : []),
  ];
}
