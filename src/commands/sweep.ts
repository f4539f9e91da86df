import type { SweepWatcher } from '../model/sweep-event.ts';
import type { SweepEnd } from '../project/sweep.ts';
import { Leaderboard } from '../reporters/sweep/leaderboard.ts';
import { SweepLines } from '../reporters/sweep/lines.ts';
import { sweepCsv, sweepJson, sweepMarkdown } from '../reporters/sweep/table.ts';
import { showsColours } from '../text/styled.ts';
import { type Answer, answer, EXIT, jsonLine, rawAnswer, refusal } from './answer.ts';
import { chosenPipeline, namedStore } from './chosen-pipeline.ts';
import { executor, followLinks, jobs, refreshEnvironment, remote, settings } from './planning.ts';
import { allTrials, sweepAnswer } from './sweep-answer.ts';
import { sectionOf, sectionOptions } from './sweep-options.ts';
import { flag, type Invocation, oneOf, texts, verb } from './verb.ts';
import { listenForStop, mayDraw, noWait, stoppedBy, verbose } from './watching.ts';

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
      ...parts
    },
    invocation,
  ) {
    const chosen = await chosenPipeline(pipeline, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const watcher = watcherFor(invocation, { plain, verbose: lines });
    const stop = listenForStop((signal) => `${signal}: stopping; start the sweep again to go on (again to kill what runs)`);
    try {
      const project = await invocation.open({ file: chosen.value, executor: place, remotes });
      const ended = await project.sweep(chosen.value, {
        ...sectionOf(Object.values(parts).flat()),
        set: settings(given, follows),
        retry,
        noWait,
        keepCheckpoints,
        refreshEnvironment: refresh,
        ...(threads === undefined ? {} : { jobs: threads }),
        onEvent: (event) => watcher.report(event),
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
