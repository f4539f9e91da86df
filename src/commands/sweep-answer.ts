import { dirname, relative } from 'node:path';
import type { SweepResult } from '../model/sweep.ts';
import { sweepLines, sweepNotes } from '../reporters/sweep/ranked.ts';
import { countsText, metricsText, paramsText } from '../reporters/sweep/table.ts';
import { good, type Line, strong } from '../text/styled.ts';
import { nextLines } from './next-lines.ts';
import { columnsOf } from './terminal.ts';
import { flag, type Invocation } from './verb.ts';

/** A sweep that has ended, or goes on, with where its files are. */
export interface ToldSweep {
  readonly result: SweepResult;
  readonly files: Readonly<Record<string, string>>;
  /** Whether it runs now. */
  readonly isLive: boolean;
}

/** `--all`, of all verbs that show a sweep. */
export const allTrials = flag('--all', 'every trial in the table, not only the first 12');

/** The most trials that a terminal is shown where not all are asked for. */
const ROWS = 12;

/** The table of a sweep as it ranks, what came of it, and where everything is. */
export function sweepAnswer({ result, files, isLive }: ToldSweep, invocation: Invocation, { all }: { readonly all: boolean }): Line[] {
  const { id, spec, state, best, front } = result;
  const width = columnsOf(invocation.stdout);
  const [run] = best?.runs ?? [];
  const shownPath = (path: string): string => relative(invocation.folder, path);
  const rows = all || width === undefined ? undefined : ROWS;
  const ending = isLive ? '; it is being run' : state === 'stopped' ? '; stopped: start it again to go on' : '';
  const isJudged = spec.objectives.length > 0;
  return [
    ...sweepLines(result, { width, rows }),
    '',
    ...sweepNotes(result),
    [strong(id), `: ${countsText(result)}${ending}`],
    ...(spec.objectives.length > 1 ? [`Pareto front: ${front.map(({ trial }) => `trial ${trial}`).join(', ')}`] : []),
    ...(best === undefined
      ? isJudged && result.trials.length > 0
        ? [noBest(result)]
        : []
      : [[good('best'), `: trial ${best.trial}, ${metricsText(best, spec.objectives)}`], `  with  ${paramsText(best)}`]),
    ...(run === undefined ? [] : [`  run   ${run.run}`, `  hash  ${run.hash}`]),
    ...Object.values(files)
      .slice(0, 1)
      .map((path) => `  files ${shownPath(dirname(path))}/ (tables, plots, events)`),
    ...(files['best'] === undefined ? [] : nextLines(invocation, [['run', shownPath(files['best'])]])),
  ];
}

/** Why there is no best trial. */
function noBest({ trials }: SweepResult): string {
  return trials.some(({ state }) => state === 'done')
    ? 'no best: none of the trials that came through keeps the constraints'
    : 'no best: no trial has come through';
}
