import type { SweepEnd } from '../project/sweep.ts';
import { sweepCsv, sweepJson, sweepMarkdown } from '../reporters/sweep/table.ts';
import { type Answer, answer, EXIT, jsonLine, rawAnswer, refusal } from './answer.ts';
import { chosenPipeline, mayLeave, namedStore } from './chosen-pipeline.ts';
import { executor, followLinks, jobs, refreshEnvironment, remote, settings } from './planning.ts';
import { detach, leavingWithSweep } from './starter.ts';
import { allTrials, sweepAnswer } from './sweep-answer.ts';
import { sectionOf, sectionOptions } from './sweep-options.ts';
import { watcherFor } from './sweep-watcher.ts';
import { flag, type Invocation, oneOf, texts, verb } from './verb.ts';
import { listenForStop, noWait, stoppedBy, verbose } from './watching.ts';

/** `stillroom sweep`: runs variants of a pipeline, or goes on with a sweep that was stopped. */
export default verb({
  name: 'sweep',
  arguments: ['[pipeline]'],
  about: 'run variants of a pipeline',
  example: 'stillroom sweep pipelines/x.yaml --over student.lr=log:1e-4..1e-2/5',
  examples: ['stillroom sweep quickstart --over student.lr=0.002,0.004 --repeat seed=1,2,3 --maximize student.top1'],
  detail:
    'Without options it takes the `sweep:` section of the pipeline. Work that variants share is executed once; started again, a sweep goes on.',
  options: {
    ...sectionOptions,
    set: texts('--set <name=value>', 'as for run; applies to every variant; repeatable'),
    followLinks,
    refreshEnvironment,
    jobs,
    executor,
    remote,
    retry: flag('--retry', 'try failed variants of an earlier start again'),
    format: oneOf('--format <format>', 'how the table is printed', ['text', 'csv', 'md', 'json']),
    noWait,
    verbose,
    plain: flag('--plain', 'lines instead of the live leaderboard'),
    keepCheckpoints: flag('--keep-checkpoints', 'keep the checkpoints of trials when the sweep has ended, to go further from them'),
    all: allTrials,
    detach,
  },
  async run(
    {
      pipeline,
      set: given,
      followLinks: follows,
      refreshEnvironment: refresh,
      jobs: threads,
      executor: place,
      remote: remotes,
      retry,
      format,
      noWait,
      keepCheckpoints,
      verbose: lines,
      plain,
      all,
      detach: leaves,
      ...parts
    },
    invocation,
  ) {
    const chosen = await chosenPipeline(pipeline, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const project = await invocation.open({ file: chosen.value, executor: place, remotes });
    if (leaves && (await mayLeave(chosen.value, invocation))) return (await import('./detach.ts')).leaveRunning(project, invocation);
    const watcher = watcherFor(invocation, { plain, verbose: lines });
    const leave = leavingWithSweep(project, invocation.starter);
    const stop = listenForStop((signal) => `${signal}: stopping; start the sweep again to go on (again to kill what runs)`);
    try {
      const ended = await project.sweep(chosen.value, {
        ...sectionOf(Object.values(parts).flat()),
        set: settings(given, follows),
        retry,
        noWait,
        keepCheckpoints,
        refreshEnvironment: refresh,
        ...(threads === undefined ? {} : { jobs: threads }),
        onEvent(event) {
          watcher.report(event);
          leave(event);
        },
        signal: stop.asked,
        killSignal: stop.forced,
      });
      if (!ended.ok) return refusal(ended.problems);
      const next = { ...invocation, store: await namedStore(project, invocation) };
      return { ...told(ended.value, { format, all }, next), exit: exitCode(ended.value, stop.signal) };
    } finally {
      stop.dispose();
    }
  },
});

function exitCode({ trials }: SweepEnd, signal: NodeJS.Signals | undefined): number {
  if (signal !== undefined) return stoppedBy(signal);
  return trials.length === 0 || trials.some(({ state }) => state === 'done') ? EXIT.done : EXIT.stageFailed;
}

function told(
  end: SweepEnd,
  { format, all }: { readonly format: string | undefined; readonly all: boolean },
  invocation: Invocation,
): Answer {
  const data = sweepJson(end, end.files);
  if (format === 'json') return rawAnswer(data, jsonLine(data));
  if (format === 'csv') return rawAnswer(data, sweepCsv(end));
  if (format === 'md') return rawAnswer(data, sweepMarkdown(end));
  return answer(data, sweepAnswer({ result: end, files: end.files, isLive: false }, invocation, { all }));
}
