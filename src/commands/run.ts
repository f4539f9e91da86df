import { relative } from 'node:path';
import { type Pipeline, producersOf } from '../model/pipeline.ts';
import type { Reporter } from '../model/reporter.ts';
import type { RunRecord } from '../model/run.ts';
import { LinesReporter } from '../reporters/lines.ts';
import { duration, figure } from '../text/figures.ts';
import { openProject } from '../project/project.ts';
import type { RunResult, WatchOptions } from '../project/run.ts';
import { EXIT, exitCodeOf, fail, printJson, printProblems, problemJson } from './problems.ts';
import type { PlanOptions } from './project.ts';

export { newRunId } from '../project/run-id.ts';

/** More nodes than a screen holds are told as lines. */
const LARGEST_TREE = 60;

export interface RunCommandOptions extends PlanOptions {
  readonly keepGoing?: boolean;
  readonly verbose?: boolean;
  readonly plain?: boolean;
}

/** Who watches a run: a live tree or lines, on the standard error output. */
async function reporterFor(options: Pick<RunCommandOptions, 'plain' | 'verbose'>, nodes: number): Promise<Reporter> {
  const live =
    process.stderr.isTTY &&
    options.plain !== true &&
    options.verbose !== true &&
    process.env['CI'] === undefined &&
    process.env['TERM'] !== 'dumb' &&
    nodes <= LARGEST_TREE;
  return live
    ? new (await import('../reporters/live.ts')).LiveReporter(process.stderr)
    : new LinesReporter(process.stderr, options.verbose === true);
}

/** Asks a run to stop at the first signal and kills what is left at the second. */
export function listenForStop(reasonOf: (signal: string) => string | undefined): {
  asked: AbortSignal;
  forced: AbortSignal;
  readonly signal: NodeJS.Signals | undefined;
  dispose(): void;
} {
  const asked = new AbortController();
  const forced = new AbortController();
  let first: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first !== undefined) return forced.abort();
    first = signal;
    asked.abort(reasonOf(signal));
    return undefined;
  };
  const names: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of names) process.on(name, onSignal);
  return {
    asked: asked.signal,
    forced: forced.signal,
    get signal() {
      return first;
    },
    dispose() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}

/** Watches a run on the terminal while signals stop it; returns its result and the signal that stopped it. */
export async function watched<Result>(
  options: Pick<RunCommandOptions, 'jobs' | 'plain' | 'verbose'>,
  { nodes, stopping }: { readonly nodes: number; readonly stopping: string },
  start: (options: WatchOptions) => PromiseLike<Result>,
): Promise<{ readonly result: Result; readonly signal: NodeJS.Signals | undefined }> {
  const reporter = await reporterFor(options, nodes);
  const stop = listenForStop((signal) => `${signal}: ${stopping}`);
  try {
    const result = await start({
      ...(options.jobs === undefined ? {} : { jobs: Number(options.jobs) }),
      onEvent: (event) => reporter.report(event),
      signal: stop.asked,
      killSignal: stop.forced,
    });
    await reporter.close();
    return { result, signal: stop.signal };
  } finally {
    stop.dispose();
  }
}

/** `stillroom run`: runs a pipeline. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<number> {
  const json = options.json === true;
  const planned = await openProject({ ...options, file }).plan(file, options);
  if (!planned.ok) return fail(planned.problems, json);
  const plan = planned.value;
  const stopping = 'stopping; what runs may save its checkpoint (again to kill it)';
  const { result, signal } = await watched(options, { nodes: plan.nodes.length, stopping }, (watching) =>
    plan.run({ ...watching, keepGoing: options.keepGoing === true }),
  );
  if (!result.ok) return fail(result.problems, json);
  if (json) printRunJson(result.value);
  else printRun(result.value, file);
  return exitCode(result.value, signal);
}

function exitCode({ record, problems }: RunResult, signal: NodeJS.Signals | undefined): number {
  if (record.state === 'cancelled') return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
  return exitCodeOf(problems);
}

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

function printRunJson({ record, problems, outputs }: RunResult): void {
  printJson({
    run: record.id,
    hash: record.hash ?? null,
    state: record.state,
    executed: namesIn(record, 'executed'),
    reused: namesIn(record, 'reused'),
    failed: namesIn(record, 'failed'),
    skipped: [...namesIn(record, 'skipped'), ...namesIn(record, 'cancelled')],
    metrics: metricsOf(record),
    outputs: Object.fromEntries(outputs),
    ...(problems.length > 0 ? { error: problemJson(problems) } : {}),
  });
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

function printRun({ record, problems, outputs, pipeline }: RunResult, file: string): void {
  const line = (text: string): void => void process.stdout.write(`${text}\n`);
  const executed = namesIn(record, 'executed');
  const reused = namesIn(record, 'reused');
  const seconds = (Date.parse(record.ended ?? record.started) - Date.parse(record.started)) / 1000;
  if (problems.length > 0) {
    printProblems(problems);
    line(
      `${pipeline.name}: failed after ${duration(seconds)}; ${executed.length} executed, ${reused.length} reused and kept. Run again to go on from there.`,
    );
    return;
  }
  line(`${pipeline.name}: ${record.state} in ${duration(seconds)}; ${executed.length} executed, ${reused.length} reused`);
  if (record.state !== 'done') return;
  const metrics = metricsOf(record);
  const shown = shownNames(pipeline, record);
  const width = Math.max(0, ...shown.map((name) => name.length));
  for (const name of shown) {
    const path = outputs.get(name);
    const value =
      metrics[name] === undefined ? (path === undefined ? undefined : relative(process.cwd(), path) || path) : figure(metrics[name]);
    if (value !== undefined) line(`  ${name.padEnd(width)}  ${value}`);
  }
  line(`  ${'run'.padEnd(width)}  ${record.id}`);
  line(`  ${'hash'.padEnd(width)}  ${record.hash}`);
  line('next:');
  line(`  npx stillroom show ${record.id}`);
  const setting = exampleSetting(pipeline);
  if (setting !== undefined) line(`  npx stillroom plan ${file} --set ${setting}`);
  line(`  npx stillroom run ${file} --force ${pipeline.instances.at(-1)?.node}`);
}

/** A setting that a newcomer can try: one of the pipeline's params with another value. */
function exampleSetting(pipeline: Pipeline): string | undefined {
  const [name, value] = Object.entries(pipeline.params).find(([, one]) => typeof one === 'number') ?? [];
  if (name !== undefined) return `${name}=${Number(value) + 1}`;
  const instance = pipeline.instances.find(({ params }) => Object.values(params).some((one) => typeof one === 'number'));
  const [param, number] = Object.entries(instance?.params ?? {}).find(([, one]) => typeof one === 'number') ?? [];
  return instance === undefined || param === undefined ? undefined : `${instance.node}.${param}=${Number(number) + 1}`;
}
