import type { SweepResult, SweepSpec, Trial } from '../../model/sweep.ts';
import { csv } from '../../text/csv.ts';
import { figure, shown } from '../../text/figures.ts';
import { markdownTable } from '../../text/markdown.ts';
import { textTable } from '../../text/table.ts';

/** What a table is made of. */
export type TableSource = Pick<SweepResult, 'spec' | 'trials' | 'best'>;

/** All metrics of a sweep: those of objectives and constraints first. */
function metricNames({ spec, trials }: TableSource): string[] {
  const asked = [...spec.objectives, ...spec.constraints].map(({ metric }) => metric);
  return [...new Set([...asked, ...trials.flatMap(({ metrics }) => Object.keys(metrics))])];
}

/** The whole table as comma-separated values: all digits, a column of deviations beside each metric that has them. */
export function sweepCsv(source: TableSource): string {
  const { spec, trials } = source;
  const metrics = metricNames(source);
  const spread = metrics.filter((name) => trials.some(({ deviations }) => deviations[name] !== undefined));
  const columns = ['trial', 'state', ...(spec.budget === undefined ? [] : ['budget']), ...spec.space.map(({ name }) => name)];
  const header = [
    ...columns,
    ...metrics.flatMap((name) => (spread.includes(name) ? [name, `${name} sd`] : [name])),
    'run',
    'hash',
    'error',
  ];
  const rows = trials.map((trial) => [
    trial.trial,
    trial.state,
    ...(spec.budget === undefined ? [] : [trial.budget]),
    ...spec.space.map(({ name }) => trial.params[name]),
    ...metrics.flatMap((name) => (spread.includes(name) ? [trial.metrics[name], trial.deviations[name]] : [trial.metrics[name]])),
    trial.runs.map(({ run }) => run).join(' '),
    trial.runs.map(({ hash }) => hash ?? '').join(' '),
    trial.error,
  ]);
  return csv([header, ...rows]);
}

/** A mean and its deviation. */
function withSpread(value: number, deviation: number | undefined): string {
  return deviation === undefined ? figure(value) : `${figure(value)} ± ${Number(deviation.toPrecision(2))}`;
}

/** The table that people are shown: objectives and constraints, else all metrics; the best trial is marked. The first row is the header. */
function shownRows(source: TableSource): readonly (readonly string[])[] {
  const { spec, trials, best } = source;
  const asked = [...new Set([...spec.objectives, ...spec.constraints].map(({ metric }) => metric))];
  const metrics = asked.length > 0 ? asked : metricNames(source).slice(0, 6);
  const cellOf = (trial: Trial, name: string): string => {
    const value = trial.metrics[name];
    return value === undefined ? '' : withSpread(value, trial.deviations[name]);
  };
  const stateOf = (trial: Trial): string => {
    if (trial === best) return 'best';
    return trial.state === 'done' && !trial.feasible ? 'breaks a constraint' : trial.state;
  };
  return [
    ['trial', ...spec.space.map(({ name }) => name), ...(spec.budget === undefined ? [] : ['budget']), ...metrics, 'state'],
    ...trials.map((trial) => [
      String(trial.trial),
      ...spec.space.map(({ name }) => shown(trial.params[name])),
      ...(spec.budget === undefined ? [] : [String(trial.budget ?? '')]),
      ...metrics.map((name) => cellOf(trial, name)),
      stateOf(trial),
    ]),
  ];
}

/** The table as GitHub's Markdown. */
export function sweepMarkdown(source: TableSource): string {
  return markdownTable(shownRows(source));
}

/** The table in columns, for a terminal of a width. */
export function sweepLines(source: TableSource, width?: number): string[] {
  return textTable(shownRows(source), width === undefined ? {} : { width });
}

/** A trial in one line: its params and what is asked of it. */
export function trialLine(trial: Trial, { objectives, budget }: SweepSpec): string {
  const params = Object.entries(trial.params).map(([name, value]) => `${name}=${shown(value)}`);
  const asked = trial.state === 'halted' && budget !== undefined ? [budget.judge] : objectives;
  const metrics = asked.flatMap(({ metric }) => {
    const value = trial.metrics[metric];
    return value === undefined ? [] : [`${metric} ${withSpread(value, trial.deviations[metric])}`];
  });
  const rung = trial.budget === undefined ? [] : [`budget ${trial.budget}`];
  const ending =
    trial.state === 'failed'
      ? [`failed: ${(trial.error ?? '').replaceAll(/\s+/g, ' ')}`]
      : trial.state === 'done' && !trial.feasible
        ? ['breaks a constraint']
        : [];
  return [`trial ${trial.trial}`, params.join(' ') || 'as it is', ...rung, ...metrics, ...ending].join('  ');
}

/** What a trial looks like with `--json`. */
function trialJson({ trial, params, state, budget, metrics, deviations, runs, error, feasible }: Trial): object {
  return {
    trial,
    params,
    state,
    ...(budget === undefined ? {} : { budget }),
    metrics,
    ...(Object.keys(deviations).length === 0 ? {} : { deviations }),
    feasible,
    run: runs[0]?.run ?? null,
    hash: runs[0]?.hash ?? null,
    ...(runs.length > 1 ? { repeats: runs.map(({ run, hash, repeat, metrics: each }) => ({ repeat, run, hash, metrics: each })) } : {}),
    ...(error === undefined ? {} : { error }),
  };
}

/** A sweep as `--json` prints it: `files` are those that were written, by what they hold. */
export function sweepJson({ id, spec, trials, best, front }: SweepResult, files: Readonly<Record<string, string>>): object {
  return {
    sweep: id,
    strategy: spec.strategy,
    trials: trials.map(trialJson),
    best: best === undefined ? null : trialJson(best),
    ...(spec.objectives.length > 1 ? { front: front.map(trialJson) } : {}),
    files,
  };
}
