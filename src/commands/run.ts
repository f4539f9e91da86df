import { relative } from 'node:path';
import { type Pipeline, producersOf } from '../model/pipeline.ts';
import type { RunRecord } from '../model/run.ts';
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
  async run({ pipeline, set, force, only, executor, keepGoing, ...options }, invocation) {
    const project = await invocation.open({ file: pipeline, executor });
    const stopping = 'stopping; what runs may save its checkpoint (again to kill it)';
    const { result, signal } = await watched(invocation, options, stopping, (watch) =>
      project.run(pipeline, { set, force, only, keepGoing, ...watch }),
    );
    if (!result.ok) return refusal(result.problems);
    const { record, problems } = result.value;
    const exit = record.state === 'cancelled' ? stoppedBy(signal) : exitCodeOf(problems);
    return { ...told(result.value, pipeline, invocation.folder), exit };
  },
});

function namesIn(record: RunRecord, state: string): string[] {
  return Object.entries(record.nodes)
    .filter(([, node]) => node.state === state)
    .map(([name]) => name);
}

function metricsOf(record: RunRecord): Record<string, number> {
  return Object.fromEntries(
    Object.entries(record.nodes).flatMap(([node, { metrics }]) =>
      Object.entries(metrics ?? {}).map(([name, { value }]) => [`${node}.${name}`, value] as const),
    ),
  );
}

function told(result: RunResult, file: string, folder: string): Answer {
  const { record, problems, outputs } = result;
  const disturbed = Object.entries(record.nodes).flatMap(([name, node]) => (node.disturbed === undefined ? [] : [name]));
  const data = {
    run: record.id,
    hash: record.hash ?? null,
    state: record.state,
    executed: namesIn(record, 'executed'),
    reused: namesIn(record, 'reused'),
    failed: namesIn(record, 'failed'),
    skipped: [...namesIn(record, 'skipped'), ...namesIn(record, 'cancelled')],
    metrics: metricsOf(record),
    outputs: Object.fromEntries(outputs),
    ...(disturbed.length > 0 ? { disturbed } : {}),
    ...(problems.length > 0 ? { error: problemJson(problems) } : {}),
  };
  return answer(data, linesOf(result, file, folder), { problems });
}

function linesOf(result: RunResult, file: string, folder: string): string[] {
  const { record, problems, pipeline } = result;
  const [executed, reused] = [namesIn(record, 'executed').length, namesIn(record, 'reused').length];
  const time = duration(Math.max(0, Date.parse(record.ended ?? record.started) - Date.parse(record.started)) / 1000);
  if (problems.length > 0 && record.state !== 'done')
    return [`${pipeline.name}: failed after ${time}; ${executed} executed, ${reused} reused and kept. Run again to go on from there.`];
  const first = `${pipeline.name}: ${record.state} in ${time}; ${executed} executed, ${reused} reused`;
  return record.state === 'done' ? [first, ...valuesOf(result, folder), 'next:', ...nextSteps(pipeline, record, file)] : [first];
}

/** What came out, and how the run is found again. */
function valuesOf({ record, outputs, pipeline }: RunResult, folder: string): string[] {
  const metrics = metricsOf(record);
  const shown = shownNames(pipeline, record);
  const values = shown.flatMap((name) => {
    const [path, metric] = [outputs.get(name), metrics[name]];
    if (metric !== undefined) return [[name, figure(metric)]];
    return path === undefined ? [] : [[name, relative(folder, path) || path]];
  });
  return textTable([...values, ['run', record.id], ['hash', record.hash ?? '']]).map((line) => `  ${line}`);
}

function nextSteps(pipeline: Pipeline, record: RunRecord, file: string): string[] {
  const setting = exampleSetting(pipeline);
  return [
    `  npx stillroom show ${record.id}`,
    ...(setting === undefined ? [] : [`  npx stillroom plan ${file} --set ${setting}`]),
    `  npx stillroom run ${file} --force ${pipeline.instances.at(-1)?.node}`,
  ];
}

/** What the end of a run shows: what the pipeline asks for, else all of the last nodes. */
function shownNames(pipeline: Pipeline, record: RunRecord): readonly string[] {
  if (pipeline.show.length > 0) return pipeline.show;
  const needed = new Set(pipeline.instances.flatMap(producersOf));
  return pipeline.instances
    .filter(({ name }) => !needed.has(name))
    .flatMap(({ name }) =>
      [...Object.keys(record.nodes[name]?.metrics ?? {}), ...Object.keys(record.nodes[name]?.outputs ?? {})].map((one) => `${name}.${one}`),
    );
}

/** A setting that a newcomer can try: one of the pipeline's params with another value. */
function exampleSetting(pipeline: Pipeline): string | undefined {
  const [name, value] = Object.entries(pipeline.params).find(([, one]) => typeof one === 'number') ?? [];
  if (name !== undefined) return `${name}=${Number(value) + 1}`;
  const instance = pipeline.instances.find(({ params }) => Object.values(params).some((one) => typeof one === 'number'));
  const [param, number] = Object.entries(instance?.params ?? {}).find(([, one]) => typeof one === 'number') ?? [];
  return instance === undefined || param === undefined ? undefined : `${instance.node}.${param}=${Number(number) + 1}`;
}
