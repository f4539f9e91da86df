import { relative } from 'node:path';
import { secondsBetween } from '../model/run.ts';
import type { RunResult } from '../project/run.ts';
import { duration, figure } from '../text/figures.ts';
import { bad, dim, good, type Line, plainText, strong, warned } from '../text/styled.ts';
import { styledTable } from '../text/table.ts';
import { widthOf } from '../text/width.ts';
import { type Answer, answer, exitCodeOf, problemJson, refusal } from './answer.ts';
import { chosenPipeline, mayLeave, namedStore } from './chosen-pipeline.ts';
import { foldAlike } from './alike.ts';
import { nextLines } from './next-lines.ts';
import { planning, remote, settings } from './planning.ts';
import { detach, leavingWithRun } from './starter.ts';
import { columnsOf } from './terminal.ts';
import { flag, type Invocation, verb } from './verb.ts';
import { stoppedBy, watched, watching } from './watching.ts';

/** `stillroom run`: runs a pipeline. */
export default verb({
  name: 'run',
  arguments: ['[pipeline]'],
  about: 'run a pipeline: a file or a name; without one the project’s only',
  example: 'stillroom run pipelines/quickstart.yaml --set student.epochs=5',
  examples: [
    'stillroom run',
    "stillroom run quickstart --set 'teacher[fold=2].epochs=3' --only 'teacher*'",
    'stillroom run pipelines/quickstart.yaml --set sources.images=photos --jobs 2',
  ],
  detail:
    'A node whose result is stored already is reused. `--set` sets a param (`size=32`), a node’s (`student.lr=0.004`), that of an instance, a part of one (`student.loss.gamma=1`) or a source. Run it again after a failure or Ctrl-C to go on.',
  options: {
    ...planning,
    remote,
    keepGoing: flag('--keep-going', 'after a failure, go on with what does not need the failed node'),
    ...watching,
    detach,
  },
  async run(
    {
      pipeline,
      set,
      followLinks,
      force,
      remeasure,
      refreshEnvironment,
      only,
      executor,
      remote: remotes,
      keepGoing,
      detach: leaves,
      ...options
    },
    invocation,
  ) {
    const chosen = await chosenPipeline(pipeline, invocation);
    if (!chosen.ok) return refusal(chosen.problems);
    const project = await invocation.open({ file: chosen.value, executor, remotes });
    if (leaves && (await mayLeave(chosen.value, invocation))) return (await import('./detach.ts')).leaveRunning(project, invocation);
    const stopping = 'stopping; what runs may save its checkpoint (again to kill it)';
    const leave = leavingWithRun(project, invocation.starter);
    const { result, signal } = await watched(invocation, options, stopping, ({ onEvent, ...watch }) =>
      project.run(chosen.value, {
        set: settings(set, followLinks),
        force,
        remeasure,
        refreshEnvironment,
        only,
        keepGoing,
        ...watch,
        onEvent(event) {
          onEvent?.(event);
          leave(event);
        },
      }),
    );
    if (!result.ok) return signal === undefined ? refusal(result.problems) : refusal(result.problems, stoppedBy(signal));
    const { record, problems } = result.value;
    const exit = record.state === 'cancelled' ? stoppedBy(signal) : exitCodeOf(problems);
    const store = await namedStore(project, invocation);
    const next = nextSteps(
      result.value,
      { file: chosen.value, set: settings(set, followLinks), only, executor, remotes },
      { ...invocation, store },
    );
    return { ...told(result.value, next, invocation), exit };
  },
});

/** How a run ended, with what a user may type next. */
export function told(result: RunResult, next: readonly string[], invocation: Pick<Invocation, 'folder' | 'stdout'>): Answer {
  const { record, problems, outputs, summary } = result;
  const { nodes, metrics, disturbed } = summary;
  const data = {
    run: record.id,
    hash: record.hash ?? null,
    state: record.state,
    executed: nodes.executed ?? [],
    reused: nodes.reused ?? [],
    failed: nodes.failed ?? [],
    skipped: [...(nodes.skipped ?? []), ...(nodes.cancelled ?? [])],
    metrics,
    outputs: Object.fromEntries(outputs),
    ...(disturbed.length > 0 ? { disturbed } : {}),
    ...(problems.length > 0 ? { error: problemJson(problems) } : {}),
  };
  return answer(data, linesOf(result, next, invocation), { problems: foldAlike(problems, nodes.failed ?? []) });
}

function linesOf(result: RunResult, next: readonly string[], invocation: Pick<Invocation, 'folder' | 'stdout'>): readonly Line[] {
  const { record, problems, summary } = result;
  const [executed, reused] = [summary.nodes.executed?.length ?? 0, summary.nodes.reused?.length ?? 0];
  const time = duration(secondsBetween(record.started, record.ended ?? record.started));
  const name = [strong(summary.pipeline), ': '];
  const notDone = record.state === 'interrupted' ? warned(record.state) : bad('failed');
  if (problems.length > 0 && record.state !== 'done')
    return [[name, notDone, ` after ${time}; ${executed} executed, ${reused} reused and kept. Run again to go on from there.`]];
  const state = record.state === 'done' ? good(record.state) : warned(record.state);
  const first = [name, state, ` in ${time}; ${executed} executed, ${reused} reused`];
  return record.state === 'done' ? [first, ...valuesOf(result, invocation), ...next] : [first];
}

/** Characters of a hash that are told where all of it has no room: a run is found by them. */
const BRIEF_HASH = 16;

/** What came out, and how the run is found again. */
function valuesOf(result: RunResult, { folder, stdout }: Pick<Invocation, 'folder' | 'stdout'>): Line[] {
  const {
    record: { id, hash = '' },
    outputs,
    summary: { metrics, under, shown },
  } = result;
  const figures = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, figure(value)]));
  const width = Math.max(0, ...shown.map((name) => figures[name]?.length ?? 0));
  const values = shown.flatMap((name): Line[][] => {
    const [path, metric] = [outputs.get(name), figures[name]];
    // What it was measured under stands right beside it, however long other values are.
    if (metric !== undefined)
      return [[name, under[name] === undefined ? strong(metric) : [strong(metric.padEnd(width)), dim(`  (${under[name]})`)]]];
    return path === undefined ? [] : [[name, relative(folder, path) || path]];
  });
  const names = Math.max('hash'.length, ...values.map(([name = '']) => widthOf(plainText(name))));
  const room = (columnsOf(stdout) ?? Number.POSITIVE_INFINITY) - names - '    '.length;
  const shownHash = hash.length <= room ? hash : hash.slice(0, BRIEF_HASH);
  return styledTable([...values, ['run', id], ['hash', dim(shownHash)]]).map((line) => ['  ', line]);
}

/** What was asked of a run that has ended. */
interface Asked {
  readonly file: string;
  readonly set: readonly string[] | undefined;
  readonly only: readonly string[] | undefined;
  readonly executor: string | undefined;
  readonly remotes: readonly string[] | undefined;
}

/** What a user may type next, for the same pipeline, settings and store. */
function nextSteps({ record, summary }: RunResult, asked: Asked, invocation: Invocation): string[] {
  const { file, set = [], only = [], executor, remotes = [] } = asked;
  const kept = (settings: readonly string[]): string[] => [
    ...settings.flatMap((one) => ['--set', one]),
    ...only.flatMap((one) => ['--only', one]),
    ...(executor === undefined ? [] : ['--executor', executor]),
  ];
  const { setting, last } = summary;
  const name = setting?.slice(0, setting.indexOf('=') + 1) ?? '';
  const others = set.filter((one) => !one.startsWith(name));
  return nextLines(invocation, [
    ['show', record.id],
    ...(setting === undefined ? [] : [['plan', file, ...kept([...others, setting])]]),
    ...(last === undefined ? [] : [['run', file, ...kept(set), ...remotes.flatMap((name) => ['--remote', name]), '--force', last]]),
  ]);
}
