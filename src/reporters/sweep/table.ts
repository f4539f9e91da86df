import type { Objective, SweepResult, SweepSpec, Trial } from '../../model/sweep.ts';
import { csv } from '../../text/csv.ts';
import { shown } from '../../text/figures.ts';
import { markdownTable } from '../../text/markdown.ts';
import { plainText } from '../../text/styled.ts';
import { brokenBounds, metricNames, ranked, type TableSource, trialColumns, withSpread } from './ranked.ts';

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

/** The table as GitHub's Markdown: as people are shown it, as it ranks. */
export function sweepMarkdown(source: TableSource): string {
  const columns = trialColumns(source, ranked(source));
  const rows = source.trials.map((_, row) => columns.map(({ cells }) => plainText(cells[row] ?? '')));
  return markdownTable([columns.map(({ title }) => title), ...rows]);
}

/** How trials ended, in words: `22 done (3 infeasible), 2 failed`. */
export function countsText({ trials }: Pick<SweepResult, 'trials'>): string {
  const infeasible = trials.filter(({ state, feasible }) => state === 'done' && !feasible).length;
  const words = { done: 'done', halted: 'not promoted', failed: 'failed', unfinished: 'unfinished' } as const;
  const counts = (['done', 'halted', 'failed', 'unfinished'] as const).flatMap((one) => {
    const count = trials.filter((trial) => trial.state === one).length;
    if (count === 0 && one !== 'done') return [];
    return [`${count} ${words[one]}${one === 'done' && infeasible > 0 ? ` (${infeasible} infeasible)` : ''}`];
  });
  return counts.join(', ');
}

/** The values that a trial was given. */
export function paramsText({ params }: Trial): string {
  return (
    Object.entries(params)
      .map(([name, value]) => `${name}=${shown(value)}`)
      .join(' ') || 'as it is'
  );
}

/** What came of a trial in some metrics, as far as it told them. */
export function metricsText({ metrics, deviations }: Trial, asked: readonly Objective[]): string {
  return asked
    .flatMap(({ metric }) => {
      const value = metrics[metric];
      return value === undefined ? [] : [`${metric} ${withSpread(value, deviations[metric])}`];
    })
    .join('  ');
}

/** A trial in one line: its params and what is asked of it. */
export function trialLine(trial: Trial, spec: SweepSpec): string {
  const { objectives, budget } = spec;
  const asked = trial.state === 'halted' && budget !== undefined ? [budget.judge] : objectives;
  const ending =
    trial.state === 'failed'
      ? `failed: ${(trial.error ?? '').replaceAll(/\s+/g, ' ')}`
      : trial.state === 'done' && !trial.feasible
        ? `infeasible: ${brokenBounds(trial, spec).join(', ')}`
        : '';
  const rung = trial.budget === undefined ? '' : `budget ${trial.budget}`;
  return [`trial ${trial.trial}`, paramsText(trial), rung, metricsText(trial, asked), ending].filter((part) => part !== '').join('  ');
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
