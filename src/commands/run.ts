import { relative } from 'node:path';
import { secondsBetween } from '../model/run.ts';
import type { RunResult } from '../project/run.ts';
import { duration, figure } from '../text/figures.ts';
import { textTable } from '../text/table.ts';
import { type Answer, answer, exitCodeOf, problemJson, refusal } from './answer.ts';
import { planning } from './planning.ts';
import { flag, verb } from './verb.ts';
import { stoppedBy, watched, watching } from './watching.ts';

/** `stillroom run`: runs a pipeline. */
export default verb({
  name: 'run',
  arguments: ['<pipeline>'],
  about: 'run a pipeline file',
  example: 'stillroom run pipelines/quickstart.yaml --set student.epochs=5',
  options: {
    ...planning,
    keepGoing: flag('--keep-going', 'after a failure, go on with what does not need the failed node'),
    ...watching,
  },
  async run({ pipeline, set, force, remeasure, only, executor, keepGoing, ...options }, invocation) {
    const project = await invocation.open({ file: pipeline, executor });
    const stopping = 'stopping; what runs may save its checkpoint (again to kill it)';
    const { result, signal } = await watched(invocation, options, stopping, (watch) =>
      project.run(pipeline, { set, force, remeasure, only, keepGoing, ...watch }),
    );
    if (!result.ok) return refusal(result.problems);
    const { record, problems } = result.value;
    const exit = record.state === 'cancelled' ? stoppedBy(signal) : exitCodeOf(problems);
    return { ...told(result.value, pipeline, invocation.folder), exit };
  },
});

function told(result: RunResult, file: string, folder: string): Answer {
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
  return answer(data, linesOf(result, file, folder), { problems });
}

function linesOf(result: RunResult, file: string, folder: string): string[] {
  const { record, problems, summary } = result;
  const [executed, reused] = [summary.nodes.executed?.length ?? 0, summary.nodes.reused?.length ?? 0];
  const time = duration(secondsBetween(record.started, record.ended ?? record.started));
  if (problems.length > 0 && record.state !== 'done')
    return [`${summary.pipeline}: failed after ${time}; ${executed} executed, ${reused} reused and kept. Run again to go on from there.`];
  const first = `${summary.pipeline}: ${record.state} in ${time}; ${executed} executed, ${reused} reused`;
  return record.state === 'done' ? [first, ...valuesOf(result, folder), 'next:', ...nextSteps(result, file)] : [first];
}

/** What came out, and how the run is found again. */
function valuesOf({ record, outputs, summary: { metrics, under, shown } }: RunResult, folder: string): string[] {
  const figures = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, figure(value)]));
  const width = Math.max(0, ...shown.map((name) => figures[name]?.length ?? 0));
  const values = shown.flatMap((name) => {
    const [path, metric] = [outputs.get(name), figures[name]];
    // What it was measured under stands right beside it, however long other values are.
    if (metric !== undefined) return [[name, under[name] === undefined ? metric : `${metric.padEnd(width)}  (${under[name]})`]];
    return path === undefined ? [] : [[name, relative(folder, path) || path]];
  });
  return textTable([...values, ['run', record.id], ['hash', record.hash ?? '']]).map((line) => `  ${line}`);
}

function nextSteps({ record, summary: { setting, last } }: RunResult, file: string): string[] {
  return [
    `  npx stillroom show ${record.id}`,
    ...(setting === undefined ? [] : [`  npx stillroom plan ${file} --set ${setting}`]),
    `  npx stillroom run ${file} --force ${last}`,
  ];
}
