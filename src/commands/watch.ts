import { relative } from 'node:path';
import { setMaxListeners } from 'node:events';
import type { PipelinePlan } from '../project/run.ts';
import type { WatchedFiles } from '../project/watched-files.ts';
import { counted } from '../text/amounts.ts';
import { accent, ansiText, dim, good, type Line, plainText, showsColours } from '../text/styled.ts';
import { printable } from '../text/printable.ts';
import { print, rawAnswer, refusal } from './answer.ts';
import { chosenPipeline } from './chosen-pipeline.ts';
import { planning, remote, settings } from './planning.ts';
import { told } from './run.ts';
import { flag, type Invocation, verb } from './verb.ts';
import { listenForStop, shown, stoppedBy, watching } from './watching.ts';

/** Files that a change names. */
const MOST_NAMED = 2;

/** `stillroom watch`: runs a pipeline, and again whenever something changes that it depends on. */
export default verb({
  name: 'watch',
  arguments: ['[pipeline]'],
  about: 'run a pipeline, and again whenever its files change',
  example: 'stillroom watch pipelines/quickstart.yaml --set size=32',
  detail:
    'Pipeline, stages, sources and `stillroom.yaml` are watched. A run that has become stale meanwhile is stopped, and errors are told until they are put right.',
  options: {
    ...planning,
    remote,
    keepGoing: flag('--keep-going', 'after a failure, go on with what does not need the failed node'),
    ...watching,
  },
  async run(
    { pipeline, set, followLinks, force, remeasure, refreshEnvironment, only, executor, remote: remotes, keepGoing, ...options },
    invocation,
  ) {
    const chosen = await chosenPipeline(pipeline, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const file = chosen.value;
    const tell = teller(invocation);
    const stop = listenForStop((signal) => `${signal}: stopping; what runs may save its checkpoint (again to kill it)`);
    setMaxListeners(0, stop.asked, stop.forced);
    const asked = { set: settings(set, followLinks), only };
    try {
      let files: WatchedFiles | undefined;
      let watched: readonly string[] = [];
      for (let round = 0; ; round += 1) {
        // Opened anew each time: what the project's file declares may have changed, and while nothing runs others may have the store.
        const project = await invocation.open({ file, executor, remotes });
        files ??= await project.watchFiles();
        const once = round === 0 ? { force, remeasure, refreshEnvironment } : {};
        const { plan, reads } = await project.planWatched(file, { ...asked, ...once, jobs: options.jobs });
        if (!plan.ok && round === 0 && plan.problems[0]?.code === 'no-such-file') return refusal(plan.problems);
        // What was read before may be what has to be put right.
        watched = plan.ok ? reads : [...watched, ...reads];
        files.watch(watched);
        const change = plan.ok
          ? await runOnce(plan.value, { files, stop, tell }, { ...options, keepGoing }, invocation)
          : void print(refusal(plan.problems), invocation);
        project.close();
        if (stop.asked.aborted) return rawAnswer(undefined, '', stoppedBy(stop.signal));
        if (change === undefined) tell(dim('watching for changes; Ctrl-C ends it'));
        const changed = change ?? (await files.next(stop.asked));
        if (stop.asked.aborted) return rawAnswer(undefined, '', stoppedBy(stop.signal));
        tell([accent('↻'), ` ${named(changed, invocation.folder)} changed`]);
      }
    } finally {
      stop.dispose();
    }
  },
});

/** What writes lines on the standard error output. */
function teller({ stderr, environment, json }: Invocation): (line: Line) => void {
  const inColour = showsColours(stderr, environment);
  return (line) => void (json || stderr.write(`${inColour ? ansiText(line) : printable(plainText(line))}\n`));
}

interface Round {
  readonly files: WatchedFiles;
  readonly stop: ReturnType<typeof listenForStop>;
  readonly tell: (line: Line) => void;
}

type Options = Parameters<typeof shown>[1] & { readonly keepGoing: boolean };

/** Runs a plan and prints how that ended. Where files change meanwhile, what runs is stale: it is stopped, and those files are returned. */
async function runOnce(
  plan: PipelinePlan,
  { files, stop, tell }: Round,
  options: Options,
  invocation: Invocation,
): Promise<readonly string[] | undefined> {
  if (plan.nodes.every(({ action }) => action === 'reuse')) {
    tell([good('✔'), ` ${plan.pipeline.name}: all ${counted(plan.nodes.length, 'node')} are up to date`]);
    return undefined;
  }
  const ended = new AbortController();
  const stale = new AbortController();
  const either = AbortSignal.any([stop.asked, stale.signal]);
  const changing = files.next(AbortSignal.any([stop.asked, ended.signal])).then((changed) => {
    if (changed.length > 0) stale.abort(`${named(changed, invocation.folder)} changed: stopping what runs, which may save its checkpoint`);
    return changed;
  });
  const result = await shown(invocation, options, { asked: either, forced: stop.forced }, (watch) =>
    plan.run({ ...watch, keepGoing: options.keepGoing }),
  );
  ended.abort();
  const changed = await changing;
  print(result.ok ? told(result.value, [], invocation) : refusal(result.problems), invocation);
  return changed.length > 0 ? changed : undefined;
}

/** Files in words, of many the first. */
function named(files: readonly string[], folder: string): string {
  const names = files.slice(0, MOST_NAMED).map((file) => relative(folder, file));
  return files.length > MOST_NAMED ? `${names.join(', ')} and ${files.length - MOST_NAMED} more` : names.join(' and ');
}
