import { relative } from 'node:path';
import type { SweepWatcher } from '../model/sweep-event.ts';
import type { SweepEnd } from '../project/sweep.ts';
import { Leaderboard } from '../reporters/sweep/leaderboard.ts';
import { SweepLines } from '../reporters/sweep/lines.ts';
import { sweepCsv, sweepJson, sweepLines, sweepMarkdown, trialLine } from '../reporters/sweep/table.ts';
import { showsColours } from '../text/styled.ts';
import { type Answer, answer, EXIT, jsonLine, rawAnswer, refusal } from './answer.ts';
import { chosenPipeline, namedStore } from './chosen-pipeline.ts';
import { nextLines } from './next-lines.ts';
import { executor, followLinks, jobs, settings } from './planning.ts';
import { sectionOf, sectionOptions } from './sweep-options.ts';
import { flag, type Invocation, oneOf, texts, verb } from './verb.ts';
import { listenForStop, mayDraw, noWait, stoppedBy, verbose } from './watching.ts';

/** `stillroom sweep`: runs variants of a pipeline, or goes on with a sweep that was stopped. */
export default verb({
  name: 'sweep',
  arguments: ['[pipeline]'],
  about: 'run variants of a pipeline',
  example: 'stillroom sweep pipelines/x.yaml --over student.lr=log:1e-4..1e-2/5',
  options: {
    ...sectionOptions,
    set: texts('--set <name=value>', 'as for run; applies to every variant; repeatable'),
    followLinks,
    jobs,
    executor,
    retry: flag('--retry', 'try failed variants of an earlier start again'),
    format: oneOf('--format <format>', 'how the table is printed', ['text', 'csv', 'md', 'json']),
    noWait,
    verbose,
    plain: flag('--plain', 'lines instead of the live leaderboard'),
  },
  async run(
    { pipeline, set: given, followLinks: follows, jobs: threads, executor: place, retry, format, noWait, verbose: all, plain, ...parts },
    invocation,
  ) {
    const chosen = await chosenPipeline(pipeline, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const watcher = watcherFor(invocation, { plain, verbose: all });
    const stop = listenForStop((signal) => `${signal}: stopping; start the sweep again to go on (again to kill what runs)`);
    try {
      const project = await invocation.open({ file: chosen.value, executor: place });
      const ended = await project.sweep(chosen.value, {
        ...sectionOf(Object.values(parts).flat()),
        set: settings(given, follows),
        retry,
        noWait,
        ...(threads === undefined ? {} : { jobs: threads }),
        onEvent: (event) => watcher.report(event),
        signal: stop.asked,
        killSignal: stop.forced,
      });
      if (!ended.ok) return refusal(ended.problems);
      const next = { ...invocation, store: await namedStore(project, invocation) };
      return { ...told(ended.value, format, next), exit: exitCode(ended.value, stop.signal) };
    } finally {
      stop.dispose();
    }
  },
});

/** Who watches a sweep: a leaderboard or lines, on the standard error output. */
function watcherFor(invocation: Invocation, options: { readonly plain: boolean; readonly verbose: boolean }): SweepWatcher {
  const { stderr } = invocation;
  return mayDraw(invocation, options)
    ? new Leaderboard(stderr, { inColour: showsColours(stderr, invocation.environment) })
    : new SweepLines(stderr, options.verbose);
}

function exitCode({ trials }: SweepEnd, signal: NodeJS.Signals | undefined): number {
  if (signal !== undefined) return stoppedBy(signal);
  return trials.length === 0 || trials.some(({ state }) => state === 'done') ? EXIT.done : EXIT.stageFailed;
}

function told(end: SweepEnd, format: string | undefined, invocation: Invocation): Answer {
  const data = sweepJson(end, end.files);
  if (format === 'json') return rawAnswer(data, jsonLine(data));
  if (format === 'csv') return rawAnswer(data, sweepCsv(end));
  return format === 'md' ? rawAnswer(data, sweepMarkdown(end)) : answer(data, linesOf(end, invocation));
}

/** The table and where everything is. */
function linesOf(end: SweepEnd, invocation: Invocation): string[] {
  const { id, spec, state, trials, best, front, files } = end;
  const counts = (['done', 'halted', 'failed'] as const).flatMap((one) => {
    const count = trials.filter((trial) => trial.state === one).length;
    return count > 0 || one === 'done' ? [`${count} ${one}`] : [];
  });
  const [run] = best?.runs ?? [];
  const shownPath = (path: string): string => relative(invocation.folder, path);
  return [
    ...sweepLines(end),
    '',
    `${id}: ${counts.join(', ')}${state === 'stopped' ? '; stopped: start it again to go on' : ''}`,
    ...(spec.objectives.length > 1 ? [`Pareto front: ${front.map(({ trial }) => `trial ${trial}`).join(', ')}`] : []),
    ...(best === undefined ? [] : [`best: ${trialLine(best, spec)}`]),
    ...(run === undefined ? [] : [`  run   ${run.run}`, `  hash  ${run.hash}`]),
    ...Object.entries(files).map(([what, path]) => `  ${what}: ${shownPath(path)}`),
    ...(files['best'] === undefined ? [] : nextLines(invocation, [['run', shownPath(files['best'])]])),
  ];
}
