import { relative } from 'node:path';
import { failed, type Outcome } from '../model/problem.ts';
import type { SweepWatcher } from '../model/sweep-event.ts';
import { openProject } from '../project/project.ts';
import type { SweepEnd } from '../project/sweep.ts';
import { Leaderboard } from '../reporters/sweep/leaderboard.ts';
import { SweepLines } from '../reporters/sweep/lines.ts';
import { sweepCsv, sweepJson, sweepLines, sweepMarkdown, trialLine } from '../reporters/sweep/table.ts';
import { EXIT, fail, printJson } from './problems.ts';
import type { CommonOptions } from './project.ts';
import { listenForStop } from './run.ts';
import { type AskedSection, readSection } from './sweep-options.ts';

/** Options beside those that stand in place of the file's section. */
export interface SweepCommandOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly jobs?: string;
  readonly executor?: string;
  readonly retry?: boolean;
  readonly verbose?: boolean;
  readonly plain?: boolean;
  readonly format?: string;
}

const FORMATS = ['text', 'csv', 'md', 'json'];

function readOptions(options: SweepCommandOptions): Outcome<AskedSection> {
  const section = readSection({ ...options });
  const { format } = options;
  if (format === undefined || FORMATS.includes(format)) return section;
  const hint = `known: ${FORMATS.join(', ')}`;
  const problem = { kind: 'usage', code: 'bad-option', message: `--format ${format} is unknown`, hint } as const;
  return failed(...(section.ok ? [] : section.problems), problem);
}

/** Who watches a sweep: a leaderboard or lines, on the standard error output. */
function watcherFor({ plain, verbose }: SweepCommandOptions): SweepWatcher {
  const isLive = process.stderr.isTTY && plain !== true && verbose !== true && process.env['CI'] === undefined;
  return isLive && process.env['TERM'] !== 'dumb' ? new Leaderboard(process.stderr) : new SweepLines(process.stderr, verbose === true);
}

/** `stillroom sweep`: runs variants of a pipeline, or goes on with a sweep that was stopped. */
export async function sweepCommand(file: string, options: SweepCommandOptions): Promise<number> {
  const json = options.json === true;
  const asked = readOptions(options);
  if (!asked.ok) return fail(asked.problems, json);
  const watcher = watcherFor(options);
  const stop = listenForStop((signal) => `${signal}: stopping; start the sweep again to go on (again to kill what runs)`);
  try {
    const ended = await openProject({ ...options, file }).sweep(file, {
      ...asked.value.section,
      optionNames: asked.value.optionNames,
      set: options.set ?? [],
      retry: options.retry === true,
      ...(options.jobs === undefined ? {} : { jobs: Number(options.jobs) }),
      onEvent: (event) => watcher.report(event),
      signal: stop.asked,
      killSignal: stop.forced,
    });
    if (!ended.ok) return fail(ended.problems, json);
    print(ended.value, options);
    return exitCode(ended.value, stop.signal);
  } finally {
    stop.dispose();
  }
}

function exitCode({ trials }: SweepEnd, signal: NodeJS.Signals | undefined): number {
  if (signal !== undefined) return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
  return trials.length === 0 || trials.some(({ state }) => state === 'done') ? EXIT.done : EXIT.stageFailed;
}

function print(end: SweepEnd, { json, format }: SweepCommandOptions): void {
  if (json === true || format === 'json') printJson(sweepJson(end, end.files));
  else process.stdout.write(format === 'csv' ? sweepCsv(end) : format === 'md' ? sweepMarkdown(end) : text(end));
}

/** The table and where everything is. */
function text(end: SweepEnd): string {
  const { id, spec, state, trials, best, front, files } = end;
  const counts = (['done', 'halted', 'failed'] as const).flatMap((one) => {
    const count = trials.filter((trial) => trial.state === one).length;
    return count > 0 || one === 'done' ? [`${count} ${one}`] : [];
  });
  const [run] = best?.runs ?? [];
  const shownPath = (path: string): string => relative(process.cwd(), path);
  const lines = [
    ...sweepLines(end),
    '',
    `${id}: ${counts.join(', ')}${state === 'stopped' ? '; stopped: start it again to go on' : ''}`,
    ...(spec.objectives.length > 1 ? [`Pareto front: ${front.map(({ trial }) => `trial ${trial}`).join(', ')}`] : []),
    ...(best === undefined ? [] : [`best: ${trialLine(best, spec)}`]),
    ...(run === undefined ? [] : [`  run   ${run.run}`, `  hash  ${run.hash}`]),
    ...Object.entries(files).map(([what, path]) => `  ${what}: ${shownPath(path)}`),
    ...(files['best'] === undefined ? [] : ['next:', `  npx stillroom run ${shownPath(files['best'])}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
