import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { importancePlot } from '../sweep/plots/importance.ts';
import { parallelCoordinatesPlot } from '../sweep/plots/parallel-coordinates.ts';
import { paretoPlot } from '../sweep/plots/pareto.ts';
import { influences } from '../sweep/statistics.ts';
import { figure, shown } from '../text/figures.ts';
import { sweepCsv, sweepLines, sweepMarkdown, type TableSource } from '../sweep/table.ts';
import { bestTrial, frontOf, type Trial, trialsOf } from '../sweep/trials.ts';
import type { StartedJob } from '../sweep/study.ts';
import type { SweepSpec } from '../model/sweep.ts';
import { variantFile } from './sweep-best.ts';

/** A sweep as it is told. */
export interface SweepResult extends TableSource {
  readonly id: string;
  /** Trials that no other surpasses; of one objective only the best. */
  readonly front: readonly Trial[];
  /** Files that were written, by what they hold. */
  readonly files: Readonly<Record<string, string>>;
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

/** The object that `--json` prints. */
export function sweepJson({ id, spec, trials, best, front, files }: SweepResult): object {
  return {
    sweep: id,
    strategy: spec.strategy,
    trials: trials.map(trialJson),
    best: best === undefined ? null : trialJson(best),
    ...(spec.objectives.length > 1 ? { front: front.map(trialJson) } : {}),
    files,
  };
}

/** Writes tables, plots and the best variant below a folder. Written anew each time, so they always fit each other. */
export function writeOutputs(id: string, folder: string, file: string, spec: SweepSpec, jobs: readonly StartedJob[]): SweepResult {
  const trials = trialsOf(jobs, spec);
  const best = bestTrial(trials, spec);
  const source: TableSource = { spec, trials, best };
  const front = spec.objectives.length > 1 ? frontOf(trials) : best === undefined ? [] : [best];
  mkdirSync(folder, { recursive: true });
  const files: Record<string, string> = {};
  const write = (what: string, name: string, text: string | undefined): void => {
    const path = join(folder, name);
    if (text === undefined) return rmSync(path, { force: true });
    writeFileSync(path, text);
    files[what] = path;
    return undefined;
  };
  const [objective, second] = spec.objectives;
  const found = objective === undefined ? [] : influences(spec.space, trials);
  write('csv', 'table.csv', sweepCsv(source));
  write('markdown', 'table.md', sweepMarkdown(source));
  const isPlotted = objective !== undefined && spec.space.length > 0 && trials.some(({ losses }) => losses !== undefined);
  const hasFront = isPlotted && second !== undefined;
  write('pareto front', 'pareto.svg', hasFront ? paretoPlot([objective, second], trials, front) : undefined);
  write('parallel coordinates', 'parallel-coordinates.svg', isPlotted ? parallelCoordinatesPlot(spec, trials, best) : undefined);
  write(
    'importance',
    'importance.svg',
    objective === undefined || found.length === 0 ? undefined : importancePlot(found, objective.metric),
  );
  write('best', 'best.yaml', best === undefined ? undefined : bestFile(id, folder, file, best, spec));
  const result = { ...source, id, front, files };
  write('json', 'table.json', `${JSON.stringify(sweepJson(result), null, 1)}\n`);
  return { ...result, files };
}

/** The pipeline with the values of the best trial's first repeat, so that carrying it out gives that run's hash. */
function bestFile(id: string, folder: string, file: string, best: Trial, { budget, only }: SweepSpec): string {
  const [first] = best.runs;
  const given = budget === undefined || best.budget === undefined ? {} : { [budget.param]: best.budget };
  const params = { ...best.params, ...first?.repeat, ...given };
  const about = `The best of the sweep ${id}: trial ${best.trial}, run ${first?.run}, hash ${first?.hash}${only === undefined ? '' : ` with ${only.map((node) => `--only '${node}'`).join(' ')}`}`;
  const { text, unsaid } = variantFile(file, folder, params, about);
  const settings = unsaid.map((name) => `--set '${name}=${JSON.stringify(params[name])}'`);
  return settings.length === 0 ? text : `# A file cannot say this; carry it out with ${settings.join(' ')}\n${text}`;
}

/** A trial in one line: its params and what is asked of it. */
export function trialLine(trial: Trial, { objectives, budget }: SweepSpec): string {
  const params = Object.entries(trial.params).map(([name, value]) => `${name}=${shown(value)}`);
  const asked = trial.state === 'halted' && budget !== undefined ? [budget.judge] : objectives;
  const metrics = asked.flatMap(({ metric }) => {
    const value = trial.metrics[metric];
    const spread = trial.deviations[metric];
    if (value === undefined) return [];
    return [`${metric} ${figure(value)}${spread === undefined ? '' : ` ± ${Number(spread.toPrecision(2))}`}`];
  });
  const rung = trial.budget === undefined ? [] : [`budget ${trial.budget}`];
  const ending =
    trial.state === 'failed' ? [`failed: ${trial.error}`] : trial.state === 'done' && !trial.feasible ? ['breaks a constraint'] : [];
  return [`trial ${trial.trial}`, params.join(' ') || 'as it is', ...rung, ...metrics, ...ending].join('  ');
}

/** Prints the table and where everything is. */
export function printSweep(result: SweepResult, message: string): void {
  const { best, front, spec, files } = result;
  const line = (text: string): void => void process.stdout.write(`${text}\n`);
  for (const row of sweepLines(result)) line(row);
  line('');
  line(message);
  if (spec.objectives.length > 1) line(`Pareto front: ${front.map(({ trial }) => `trial ${trial}`).join(', ')}`);
  if (best !== undefined) line(`best: ${trialLine(best, spec)}`);
  if (best?.runs[0] !== undefined) line(`  run   ${best.runs[0].run}\n  hash  ${best.runs[0].hash}`);
  for (const [what, path] of Object.entries(files)) line(`  ${what}: ${relative(process.cwd(), path)}`);
  if (files['best'] !== undefined) line(`next:\n  npx stillroom run ${relative(process.cwd(), files['best'])}`);
}
