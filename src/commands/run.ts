import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import type { Plan } from '../engine/plan.ts';
import { carryOut, type RunEnd, type RunOptions } from '../engine/run.ts';
import type { Event } from '../model/event.ts';
import { type Pipeline, producersOf } from '../model/pipeline.ts';
import type { Reporter } from '../model/reporter.ts';
import { done, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { LineWriter } from '../model/store.ts';
import { JsonLinesReporter } from '../reporters/jsonl.ts';
import { LinesReporter } from '../reporters/lines.ts';
import { duration, figure } from '../text/figures.ts';
import { EXIT, exitCodeOf, fail, printJson, printProblems, problemJson } from './problems.ts';
import { capacityOf, type Opened, type PlanOptions, planPipeline } from './project.ts';

/** More nodes than a screen holds are told as lines. */
const LARGEST_TREE = 60;

export interface RunCommandOptions extends PlanOptions {
  readonly keepGoing?: boolean;
  readonly verbose?: boolean;
  readonly plain?: boolean;
}

/** A run's id: the second, then in hexadecimal the 256th of it and a random number. So ids sort by time even within a second. */
export function newRunId(): string {
  const now = new Date();
  const part = Math.floor((now.getUTCMilliseconds() * 256) / 1000)
    .toString(16)
    .padStart(2, '0');
  return `${now.toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}-${part}${randomBytes(2).toString('hex')}`;
}

/** Who watches a run: a live tree or lines for people, and a file of events. */
async function reporters(
  options: Pick<RunCommandOptions, 'plain' | 'verbose'>,
  nodes: number,
  events: LineWriter,
): Promise<readonly Reporter[]> {
  const live =
    process.stderr.isTTY &&
    options.plain !== true &&
    options.verbose !== true &&
    process.env['CI'] === undefined &&
    process.env['TERM'] !== 'dumb' &&
    nodes <= LARGEST_TREE;
  return [
    live
      ? new (await import('../reporters/live.ts')).LiveReporter(process.stderr)
      : new LinesReporter(process.stderr, options.verbose === true),
    new JsonLinesReporter(events),
  ];
}

/** Asks a run to stop at the first signal and kills what is left at the second. */
export function listenForStop(onAsk: (signal: string) => void): {
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
    onAsk(signal);
    asked.abort();
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

/** `stillroom run`: carries out a pipeline. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<number> {
  const json = options.json === true;
  const planned = await planPipeline(file, options);
  if (!planned.ok) return fail(planned.problems, json);
  const { opened, plan } = planned.value;
  const watched = await carryOutWatched(plan, options, {
    shownFile: opened.shownFile,
    set: options.set ?? [],
    keepGoing: options.keepGoing === true,
    stopping: 'stopping; what runs may save its checkpoint (again to kill it)',
  });
  if (!watched.ok) return fail(watched.problems, json);
  const { end, signal } = watched.value;
  if (json) printRunJson(end);
  else printRun(end, opened, file);
  return exitCode(end, signal);
}

/** How a plan is carried out, and what a first Ctrl-C says. */
interface Watching extends Pick<RunOptions, 'shownFile' | 'set' | 'keepGoing'> {
  readonly stopping: string;
}

/** Carries out a plan while reporters watch and signals stop it; returns the signal that did. */
export async function carryOutWatched(
  plan: Plan,
  options: Pick<RunCommandOptions, 'jobs' | 'plain' | 'verbose'>,
  { stopping, ...asked }: Watching,
): Promise<Outcome<{ readonly end: RunEnd; readonly signal: NodeJS.Signals | undefined }>> {
  const capacity = capacityOf(options, plan.executor);
  if (!capacity.ok) return capacity;
  const id = newRunId();
  const events = plan.request.surroundings.store.runs.appendEvents(id);
  const watchers = await reporters(options, plan.nodes.size, events);
  const emit = (event: Event): void => {
    for (const watcher of watchers) watcher.report(event);
  };
  const stop = listenForStop((signal) => emit({ type: 'notice', level: 'warning', message: `${signal}: ${stopping}` }));
  try {
    const end = await carryOut(plan, {
      ...asked,
      id,
      capacity: capacity.value,
      emit,
      stop,
    });
    for (const watcher of watchers) await watcher.close();
    return done({ end, signal: stop.signal });
  } finally {
    stop.dispose();
  }
}

function exitCode({ record, problems }: RunEnd, signal: NodeJS.Signals | undefined): number {
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

function printRunJson({ record, problems, outputs }: RunEnd): void {
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

function printRun({ record, problems, outputs }: RunEnd, { pipeline }: Opened, file: string): void {
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
