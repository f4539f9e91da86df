import type { Constraint, SweepResult, SweepSpec, Trial } from '../../model/sweep.ts';
import { counted } from '../../text/amounts.ts';
import { figure, shown } from '../../text/figures.ts';
import { type Column, fittedTable } from '../../text/fit-table.ts';
import { bad, dim, good, type Line, warned } from '../../text/styled.ts';

/** What a table of trials is made of. */
export type TableSource = Pick<SweepResult, 'spec' | 'trials' | 'best' | 'ranking'>;

/** All metrics of a sweep: those of objectives and constraints first. */
export function metricNames({ spec, trials }: TableSource): string[] {
  return [...new Set([...askedMetrics(spec), ...trials.flatMap(({ metrics }) => Object.keys(metrics))])];
}

/** The metrics that a sweep judges by. */
function askedMetrics({ objectives, budget, constraints }: SweepSpec): string[] {
  const judge = budget === undefined ? [] : [budget.judge];
  return [...new Set([...objectives, ...judge, ...constraints].map(({ metric }) => metric))];
}

/** Those that the table for people has: what is judged by, or else the first few of all. */
function shownMetrics(source: TableSource): string[] {
  const asked = askedMetrics(source.spec);
  return asked.length > 0 ? asked : metricNames(source).slice(0, 6);
}

/** The params of the space that are not the same in all trials; those of a single trial all. */
function varying({ spec, trials }: TableSource): string[] {
  const names = spec.space.map(({ name }) => name);
  return trials.length < 2 ? names : names.filter((name) => valuesOf(name, trials).size > 1);
}

function valuesOf(name: string, trials: readonly Trial[]): ReadonlySet<string> {
  return new Set(trials.map(({ params }) => JSON.stringify(params[name]) ?? ''));
}

/** Trials as they rank: those that count, the best first; then those that break a constraint, those that were not promoted, those that have not ended, and at last those that failed. */
export function ranked({ trials, ranking, best, spec: { budget } }: TableSource): readonly Trial[] {
  const places = new Map(ranking.map((trial, place) => [trial, place]));
  const order = ['done', 'halted', 'unfinished', 'failed'];
  const goal = budget?.judge.goal === 'minimize' ? 1 : -1;
  const judged = ({ metrics }: Trial): number => goal * (metrics[budget?.judge.metric ?? ''] ?? 0);
  const keyOf = (trial: Trial): readonly number[] => [
    // Of several objectives the loneliest of the front ranks first.
    trial.trial === best?.trial ? 0 : 1,
    order.indexOf(trial.state),
    places.get(trial.trial) ?? ranking.length,
    -(trial.budget ?? 0),
    trial.state === 'halted' ? judged(trial) : (trial.losses?.[0] ?? 0),
    trial.trial,
  ];
  return trials
    .map((trial) => ({ trial, key: keyOf(trial) }))
    .sort((a, b) => a.key.map((own, index) => own - (b.key[index] ?? 0)).find((difference) => difference !== 0) ?? 0)
    .map(({ trial }) => trial);
}

/** A mean and its deviation. */
export function withSpread(value: number, deviation: number | undefined): string {
  return deviation === undefined ? figure(value) : `${figure(value)} ± ${Number(deviation.toPrecision(2))}`;
}

/** How a metric leaves its bounds, in words; undefined: it keeps them. */
function brokenBound({ metric, bounds }: Constraint, { metrics }: Trial): string | undefined {
  const value = metrics[metric];
  const { min, max, above, below } = bounds;
  if (value === undefined) return `${metric} is missing`;
  if (min !== undefined && value < min) return `${metric} below ${figure(min)}`;
  if (above !== undefined && value <= above) return `${metric} not above ${figure(above)}`;
  if (max !== undefined && value > max) return `${metric} above ${figure(max)}`;
  return below !== undefined && value >= below ? `${metric} not below ${figure(below)}` : undefined;
}

/** The bounds that a trial leaves, in words. */
export function brokenBounds(trial: Trial, { constraints }: SweepSpec): readonly string[] {
  return trial.state === 'done' ? constraints.flatMap((constraint) => brokenBound(constraint, trial) ?? []) : [];
}

/** The state of a trial as a word that its colour only repeats. */
export function stateOf(trial: Trial, { best, spec }: TableSource): { readonly word: string; readonly style: (text: string) => Line } {
  if (trial.trial === best?.trial) return { word: '★ best', style: good };
  if (trial.state === 'failed') return { word: 'failed', style: bad };
  if (trial.state === 'done' && !trial.feasible) return { word: 'infeasible', style: warned };
  if (trial.state === 'done') return { word: 'done', style: (text) => text };
  const word = trial.state === 'halted' && spec.budget !== undefined ? 'not promoted' : trial.state;
  return { word, style: dim };
}

function shortTitle(name: string, all: readonly string[]): string {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return all.filter((one) => one.slice(one.lastIndexOf('.') + 1) === last).length === 1 ? last : name;
}

/** The columns for people, each with how telling it is. The rows are some of the trials. */
export function trialColumns(source: TableSource, rows: readonly Trial[]): readonly Column[] {
  const { spec, trials, best } = source;
  const params = varying(source);
  const metrics = shownMetrics(source);
  const names = [...params, ...metrics];
  const objectives = spec.objectives.map(({ metric }) => metric);
  const cellsOf = (text: (trial: Trial) => string, style: (trial: Trial) => (cell: string) => Line = () => (cell) => cell): Line[] =>
    rows.map((trial) => (trial.trial === best?.trial ? good : style(trial))(text(trial)));
  const broken = (name: string, trial: Trial): boolean =>
    spec.constraints.some(
      (constraint) => constraint.metric === name && trial.state === 'done' && brokenBound(constraint, trial) !== undefined,
    );
  const metricCell =
    (name: string) =>
    (trial: Trial): string => {
      const value = trial.metrics[name];
      return value === undefined ? '' : withSpread(value, trial.deviations[name]);
    };
  return [
    { title: 'trial', isRight: true, cells: cellsOf(({ trial }) => String(trial)) },
    ...params.map((name) => ({
      title: name,
      short: shortTitle(name, names),
      isRight: rows.every(({ params: own }) => ['number', 'undefined'].includes(typeof own[name])),
      weight: 10 + valuesOf(name, trials).size,
      cells: cellsOf((trial) => shown(trial.params[name])),
    })),
    ...(spec.budget === undefined
      ? []
      : [{ title: 'budget', isRight: true, weight: 5, cells: cellsOf(({ budget }) => String(budget ?? '')) }]),
    ...metrics.map((name, index) => ({
      title: name,
      short: shortTitle(name, names),
      isRight: true,
      // What nobody breaks tells little; what the sweep is for stays.
      ...(objectives.includes(name) ? {} : { weight: trials.some((trial) => broken(name, trial)) ? 1000 : 4 - index / 1000 }),
      cells: cellsOf(metricCell(name), (trial) => (broken(name, trial) ? warned : (cell) => cell)),
    })),
    { title: 'state', cells: rows.map((trial) => stateOf(trial, source).style(stateOf(trial, source).word)) },
  ];
}

/** How a table of trials is laid out. */
export interface TrialTable {
  /** The columns of the terminal. */
  readonly width?: number | undefined;
  /** The most trials; those that rank last are left out. */
  readonly rows?: number | undefined;
}

/** The table of a sweep as it ranks, in columns for a terminal, and below it what the columns leave out. */
export function sweepLines(source: TableSource, { width, rows = Number.POSITIVE_INFINITY }: TrialTable = {}): readonly Line[] {
  const all = ranked(source);
  const { lines, leftOut } = fittedTable(trialColumns(source, all.slice(0, rows)), width);
  const more = all.length - rows;
  return [
    ...lines,
    ...(more > 0 ? [dim(`and ${counted(more, 'more trial')} that rank${more === 1 ? 's' : ''} lower: --all, or the csv`)] : []),
    ...(leftOut.length === 0 ? [] : [dim(`no room for: ${leftOut.join(', ')} (a wider terminal, or the csv)`)]),
  ];
}

/** The most kinds of failures that are told one by one. */
const MOST_FAILURES = 3;

/** Trials by number, in words. */
function trialsText(trials: readonly Trial[]): string {
  const numbers = trials.map(({ trial }) => trial);
  const listed = numbers.slice(0, 6).join(', ');
  return `trial${numbers.length === 1 ? '' : 's'} ${listed}${numbers.length > 6 ? ', …' : ''}`;
}

function grouped(trials: readonly Trial[], keysOf: (trial: Trial) => readonly string[]): [key: string, trials: readonly Trial[]][] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) for (const key of keysOf(trial)) groups.set(key, [...(groups.get(key) ?? []), trial]);
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}

/** What a table does not say: params that are the same in all trials, which constraints are broken, and why trials failed, each cause once. */
export function sweepNotes(source: TableSource): readonly Line[] {
  const { spec, trials } = source;
  const params = varying(source);
  const same = spec.space.flatMap(({ name }) =>
    params.includes(name) || trials.length === 0 ? [] : [`${name} = ${shown(trials[0]?.params[name])}`],
  );
  const broken = grouped(trials, (trial) => brokenBounds(trial, spec));
  const failures = grouped(
    trials.filter(({ state }) => state === 'failed'),
    ({ error = 'it failed' }) => [error.replaceAll(/\s+/g, ' ')],
  );
  const untold = failures.slice(MOST_FAILURES).flatMap(([, own]) => own);
  return [
    ...(same.length === 0 ? [] : [dim(`the same in all: ${same.join(', ')}`)]),
    ...broken.map(([bound, own]): Line => [warned(`${own.length} infeasible`), `: ${bound} (${trialsText(own)})`]),
    ...failures.slice(0, MOST_FAILURES).map(([error, own]): Line => [bad(`${own.length} failed`), `: ${error} (${trialsText(own)})`]),
    ...(untold.length === 0 ? [] : [[bad(`${untold.length} failed`), ` otherwise (${trialsText(untold)})`]]),
  ];
}
