import { capacitiesOf, type Plan, plannedNodes } from '../engine/plan.ts';
import { expectedOf } from '../engine/expected.ts';
import type { Forecast } from '../engine/forecast.ts';
import type { Rest } from '../engine/rest.ts';
import { type RunEnd, runPlan as run } from '../engine/run.ts';
import type { Difference } from '../engine/differences.ts';
import type { Action, Event, PlannedNode } from '../model/event.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { RunRecord } from '../model/run.ts';
import type { Context } from './context.ts';
import type { Unbuilt } from '../engine/built-environments.ts';
import { capacityOf } from './capacity.ts';
import type { Opened } from './opened.ts';
import { openPipeline, planOpened, type Wanted, type WantedPlan } from './pipeline.ts';
import { openEvents } from './kept-events.ts';
import { softwareOf } from './software.ts';
import { alsoStoppedBy } from './stop-words.ts';
import { exampleSetting, type RunSummary, summaryOf } from './summary.ts';
import { rememberUnchanged } from './unchanged.ts';
import { type Running, startRunning } from './running.ts';

/** What is asked of a pipeline. */
export interface PlanOptions extends Wanted {
  /** Threads that may be busy at once; default: all that there are. */
  readonly jobs?: number | undefined;
  /** Values in the form of `--set`: `size=96`, `student.epochs=5`, `sources.images=DIR`. */
  readonly set?: readonly string[] | undefined;
}

/** What is asked of a plan that is told. */
export interface ToldPlanOptions extends PlanOptions {
  /** Remotes are asked what they have of what would be executed. Without, only a run asks them. */
  readonly askRemotes?: boolean | undefined;
}

/** How a run is watched, bounded and stopped. */
export interface WatchOptions {
  /** Threads that may be busy at once; default: all that there are. */
  readonly jobs?: number | undefined;
  /**
   * Nodes that measure do not wait until other runs leave the machine to them. What is measured while other work runs is marked in the
   * record (`disturbed`) and reused by no other run.
   */
  readonly noWait?: boolean | undefined;
  /** Told everything that happens, in its order. */
  readonly onEvent?: ((event: Event) => void) | undefined;
  /** Aborted: nothing new starts, and what runs may save its checkpoint and end. A reason that is a text is told as a notice. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted: what still runs is killed. */
  readonly killSignal?: AbortSignal | undefined;
}

/** How a pipeline is run. */
export interface StartOptions extends WatchOptions {
  /** After a failure go on with what does not need the failed node. */
  readonly keepGoing?: boolean | undefined;
}

/** What is asked of a pipeline that is run, and how. */
export interface RunOptions extends PlanOptions, StartOptions {}

/** How a run ended. */
export interface RunResult extends RunEnd {
  readonly summary: RunSummary;
}

/** What a plan says of a node, with what changed since it last ran. */
export interface ExplainedNode extends PlannedNode {
  readonly changes: readonly Difference[];
}

/** What a run would do, and the run itself. */
export interface PipelinePlan {
  readonly pipeline: Pipeline;
  /** In the order of the pipeline, each after what it needs. */
  readonly nodes: readonly ExplainedNode[];
  /** What the nodes would take that will run, and what all would that may. */
  readonly forecast: { readonly run: Forecast; readonly most: Forecast };
  /** Environments that a run would build before the nodes that need them. */
  readonly builds: readonly Unbuilt[];
  /** Runs just this. Fails only where it cannot begin; a failed node is told in the result. */
  run(options?: StartOptions): Running<Outcome<RunResult>>;
}

/** A pipeline file that was read and planned. */
export interface Planned {
  readonly opened: Opened;
  readonly plan: Plan;
}

/** Reads a pipeline file and plans it. */
export async function plannedFile(context: Context, file: string, options: PlanOptions & WantedPlan): Promise<Outcome<Planned>> {
  const opened = await openPipeline(context, file, options.set);
  if (!opened.ok) return opened;
  const plan = await planOpened(opened.value, options);
  opened.value.store.flush();
  return plan.ok ? done({ opened: opened.value, plan: plan.value }) : plan;
}

/** Reads a pipeline file and plans it; nothing is executed. */
export async function planFile(context: Context, file: string, options: ToldPlanOptions = {}): Promise<Outcome<PipelinePlan>> {
  const asksRemotes = options.askRemotes === true ? (await import('./exchange.ts')).errandOf({ onNotice: context.tell }) : undefined;
  const found = await plannedFile(context, file, { ...options, asksRemotes });
  return found.ok ? planOf(context, found.value, options) : found;
}

/** A plan as callers are given it. */
export async function planOf(context: Context, planned: Planned, options: PlanOptions): Promise<Outcome<PipelinePlan>> {
  const { opened, plan } = planned;
  const capacity = capacityOf(options.jobs, plan.executor);
  if (!capacity.ok) return capacity;
  const { pipeline, store } = opened;
  const nodes = plannedNodes(plan, expectedOf(plan, store.runs.all(pipeline.name)));
  const capacities = capacitiesOf(plan, capacity.value);
  const { forecastOf } = await import('../engine/forecast.ts');
  const forecast = (...actions: readonly Action[]): Forecast => forecastOf(nodes, actions, capacities);
  return done({
    pipeline,
    nodes: nodes.map((node) => ({ ...node, changes: plan.nodes.get(node.node)?.differences ?? [] })),
    forecast: { run: forecast('run'), most: forecast('run', 'maybe') },
    builds: await buildsOf(plan),
    run: (how = {}) =>
      startRunning((emit) =>
        context.guarded(async () => {
          const found = await withLocks(context, planned, options);
          return found.ok ? runPlanned(found.value, { ...how, set: options.set ?? [] }, emit) : found;
        }),
      ),
  });
}

/** What a plan would build: looked for only where nodes name what environments are built from. */
async function buildsOf(plan: Plan): Promise<readonly Unbuilt[]> {
  const isNeeded = [...plan.nodes.values()].some(({ prepared: { environment } }) => environment?.files !== undefined);
  return isNeeded ? (await import('../engine/built-environments.ts')).unbuilt(plan) : [];
}

/** A plan as it may be run: one of which environments are not locked yet, or results are not here yet, is made again. */
async function withLocks(context: Context, planned: Planned, options: PlanOptions): Promise<Outcome<Planned>> {
  const isKnown = [...planned.plan.nodes.values()].every(
    ({ prepared, remote }) => prepared.environment?.pending === undefined && remote === undefined,
  );
  return isKnown ? done(planned) : plannedFile(context, planned.opened.named, { ...options, running: true });
}

/** Plans a pipeline file and runs it. */
export async function runFile(
  context: Context,
  file: string,
  options: RunOptions,
  emit: (event: Event) => void,
): Promise<Outcome<RunResult>> {
  const found = await plannedFile(context, file, { ...options, running: true });
  if (!found.ok) return found;
  const ended = await runPlanned(found.value, { ...options, set: options.set ?? [] }, emit);
  if (ended.ok) rememberUnchanged(found.value, ended.value, { folder: context.folder, options });
  return ended;
}

async function runPlanned(planned: Planned, options: AskedOptions, emit: (event: Event) => void): Promise<Outcome<RunResult>> {
  const { pipeline, store, reread } = planned.opened;
  const ended = await runOpened(planned, { earlier: store.runs.all(pipeline.name) }, options, emit);
  if (!ended.ok) return ended;
  const { record } = ended.value;
  const isDone = record.state === 'done';
  const names = Object.keys(record.nodes);
  const setting = isDone ? await exampleSetting(pipeline, names, (one) => reread([...options.set, one])) : undefined;
  return done({ ...ended.value, summary: { ...summaryOf(pipeline, record, store.artifacts), setting } });
}

/** How a run is asked for. */
export type AskedOptions = StartOptions & { readonly set: readonly string[] };

/** Runs what was planned of a file. */
export function runOpened(
  { opened: { shownFile }, plan }: Planned,
  beside: Pick<Asked, 'earlier' | 'rest'>,
  options: AskedOptions,
  emit: (event: Event) => void,
): Promise<Outcome<RunEnd>> {
  const { set, keepGoing = false } = options;
  return runPlan(plan, { shownFile, set, keepGoing, ...beside }, options, emit);
}

/** What a record says of how a plan was asked for. */
interface Asked {
  readonly shownFile: string;
  readonly set: readonly string[];
  readonly keepGoing: boolean;
  /** The runs that tell how long its nodes take, newest first. */
  readonly earlier: Iterable<RunRecord>;
  /** The pipeline's other nodes, where the plan is that of a part. */
  readonly rest?: Rest | undefined;
}

/** Runs a plan. Everything that happens is told, and kept in a file of events. */
export async function runPlan(
  plan: Plan,
  { earlier, ...asked }: Asked,
  { jobs, noWait = false, onEvent, signal = new AbortController().signal, killSignal = new AbortController().signal }: WatchOptions,
  emit: (event: Event) => void,
): Promise<Outcome<RunEnd>> {
  const capacity = capacityOf(jobs, plan.executor);
  if (!capacity.ok) return capacity;
  const { unwritable } = plan.request.surroundings.store;
  if (unwritable !== undefined) return failed(unwritable);
  const expected = expectedOf(plan, earlier);
  const { store } = plan.request.surroundings;
  const { id, told, kept } = openEvents(store, onEvent, emit);
  const { stop, end } = alsoStoppedBy(store.stops, id, { asked: signal, forced: killSignal });
  try {
    const software = softwareOf(plan.request.surroundings.root);
    const about = { ...asked, id, software, expected, noWait };
    return done(await run(plan, { ...about, capacity: capacity.value, watchers: [...told, kept], stop }));
  } finally {
    end();
    await kept.close();
  }
}
