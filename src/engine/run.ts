import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { broadcast, type Emit, type Expected, type Happening, steadyClock, type Watcher } from '../model/event.ts';
import type { Capacity, Stop } from '../model/executor.ts';
import { done, type Problem } from '../model/problem.ts';
import { telling } from '../model/waiting.ts';
import { runHash } from '../model/run-hash.ts';
import type { RunNode, RunRecord, RunSoftware, RunState } from '../model/run.ts';
import type { OfSweep } from '../model/sweep-journal.ts';
import type { Errand } from '../model/store.ts';
import { systemProblem, type Whereabouts } from '../model/system-failure.ts';
import { explainRun } from './explain.ts';
import { keepSources } from './kept-sources.ts';
import { type WriteRecord, writingLate } from './late-opening.ts';
import { Ledger, type Recorded } from './ledger.ts';
import type { AttemptRun } from './attempt.ts';
import { executeNode, type NodeEnd } from './node.ts';
import { openingNodes } from './recorded-node.ts';
import { capacitiesOf, type Plan, plannedNodes } from './plan.ts';
import { Publication } from './publication.ts';
import { recordedSources } from './recipe.ts';
import { placesOf, refusable, refusal } from './refusable.ts';
import type { Rest } from './rest.ts';
import { schedule } from './schedule.ts';
import type { ScheduleEnd, Scheduling } from './scheduling.ts';
import { Slots } from './slots.ts';

/** How a plan is run. */
export interface RunRequest {
  readonly id: string;
  /** The pipeline file as the record names it. */
  readonly shownFile: string;
  readonly set: readonly string[];
  /** Recorded, never hashed. */
  readonly software?: RunSoftware;
  /** The trial of a sweep that it is a run of. */
  readonly sweep?: OfSweep;
  /** Checkpoints of finished work are kept until the run itself goes. */
  readonly keepCheckpoints?: boolean;
  /** What may be used at once of the executor that was chosen; runs of one process that share slots also share their work. */
  readonly capacity: Capacity | Slots;
  /** False: users do not find the outputs under `latest`. */
  readonly publish?: boolean;
  readonly keepGoing: boolean;
  /** Nodes that measure do not wait until the work of others has ended: what they measure then is marked, and never reused. */
  readonly noWait?: boolean;
  /** The pipeline's other nodes, where the plan is that of a part. */
  readonly rest?: Rest | undefined;
  /** What its nodes took before, for those who watch. */
  readonly expected?: ReadonlyMap<string, Expected>;
  /** Told all that happens, as the run's record is. */
  readonly watchers: readonly Watcher[];
  /** Aborted: nothing new starts and what runs is stopped. A text given as the reason is told to all who watch. */
  readonly stop: Stop;
}

/** A finished run: its record, and where to find each output that came out of it. */
export interface RunEnd {
  readonly record: RunRecord;
  readonly problems: readonly Problem[];
  readonly outputs: ReadonlyMap<string, string>;
  /** How the folder of outputs stands; empty where nothing was put there. */
  readonly published: string;
}

/** Runs a plan: keeps the sources that it reads, schedules it, publishes what came out, and keeps a record from the start. */
export async function runPlan(plan: Plan, options: RunRequest): Promise<RunEnd> {
  const { store } = plan.request.surroundings;
  const { asked, forced } = options.stop;
  // Every attempt listens to them, as many at once as there are slots; Node would take so many for a leak.
  setMaxListeners(0, asked, forced);
  const lease = store.runs.start(options.id);
  const { rest } = options;
  const clock = steadyClock();
  const write: WriteRecord = (record) => (rest === undefined ? store.runs.writeBeside(record) : rest.write(record));
  // Of a trial its sweep tells when it has ended.
  const ledger = new Ledger(options.sweep === undefined ? write : writingLate(write), clock);
  const emit = broadcast<Happening>([ledger, ...options.watchers.map((watcher) => rest?.telling(watcher) ?? watcher)], clock);
  // It is in the record before anyone is told.
  const emitRecorded = async (happening: Recorded): Promise<void> => emit(await ledger.keep(happening));
  const onStop = (): void => {
    if (typeof asked.reason === 'string') emit({ type: 'notice', level: 'warning', message: asked.reason });
  };
  asked.addEventListener('abort', onStop, { once: true });
  try {
    await keepEnvironments(plan);
    const opening = openingNodes(plan);
    const record = openingRecord(plan, options, opening);
    const capacities = capacitiesOf(plan, options.capacity instanceof Slots ? options.capacity.chosen : options.capacity);
    const nodes = plannedNodes(plan, options.expected);
    const { name: executor } = plan.executor;
    await emitRecorded({ type: 'run-started', run: options.id, pipeline: record.pipeline, nodes, capacities, executor, record });
    const keeping = refusable(plan, () => keepSources(plan));
    const { kept, problems } = keeping.ok ? keeping.value : { kept: new Set<string>(), problems: keeping.problems };
    emit({ type: 'sources-kept', sources: { ...rest?.former.record.sources, ...recordedSources(plan, kept) } });
    const published = new Publication(plan, {
      rest,
      signal: asked,
      onWait: () => emit({ type: 'notice', level: 'note', message: PUBLISHING }),
    });
    const lost = options.publish === false ? undefined : (settled: ScheduleEnd['settled']) => published.publish(settled);
    const end =
      problems.length > 0
        ? notScheduled(problems)
        : await scheduled(plan, { options, opening, kept, emit, ...(lost === undefined ? {} : { lost }) });
    const state = stateOf(end, asked.aborted);
    const errand: Errand = { signal: asked, notice: (message) => emit({ type: 'notice', level: 'warning', message }) };
    await telling(store.results.shared(errand), () => emit({ type: 'notice', level: 'note', message: SENDING }));
    const outcomes = Object.fromEntries(end.outcomes);
    const whole = (): string | undefined => (rest === undefined ? runHash(outcomes, store.format) : rest.hash(outcomes));
    const made = state === 'done' ? whole() : undefined;
    const hash = made === undefined ? {} : { hash: made };
    const told = await emitRecorded({ type: 'run-ended', run: options.id, state, ...hash }).then(done, (error) => refusal(plan, error));
    if (!told.ok) await emitRecorded({ type: 'run-ended', run: options.id, state: 'failed' });
    const unpublished = published.problems.map((problem) => notPublished(problem, options.id));
    return {
      record: rest?.whole(ledger.record) ?? ledger.record,
      problems: [...end.problems, ...(told.ok ? [] : told.problems), ...unpublished],
      outputs: published.paths,
      published: published.standing,
    };
  } finally {
    asked.removeEventListener('abort', onStop);
    // Who runs several lets go of the store when all have ended: noting what it holds takes the longer the more it holds.
    if (!(options.capacity instanceof Slots)) store.flush();
    lease.release();
  }
}

/** Keeps what environments were locked to, so that they can be built again from the record. */
async function keepEnvironments({ nodes, request }: Plan): Promise<void> {
  const found = [...nodes.values()].flatMap(({ prepared: { environment } }) => (environment?.built === undefined ? [] : [environment]));
  if (found.length === 0) return;
  const { keepLocks } = await import('./built-environments.ts');
  keepLocks(found, request.surroundings.store);
}

const PUBLISHING = 'waits until another run of the pipeline has published its outputs';

const SENDING = 'waits until its results are sent to the remotes';

/** What came out is kept, but not where users look for it. */
function notPublished({ message, hint, ...problem }: Problem, id: string): Problem {
  return {
    ...problem,
    message: `the outputs are kept, but could not be put below latest/: ${message}`,
    hint: `${hint}; then bring them there: stillroom reproduce ${id} --restore`,
  };
}

/** The record as it is before anything has run. */
function openingRecord(
  plan: Plan,
  { id, shownFile, set, sweep, software, rest }: RunRequest,
  opening: ReadonlyMap<string, RunNode>,
): Omit<RunRecord, 'started'> {
  const { pipeline, surroundings } = plan.request;
  const { platform, machine, engines } = plan.executor.facts;
  return {
    format: surroundings.store.format,
    id,
    state: 'live',
    pipeline: pipeline.name,
    file: shownFile,
    params: pipeline.params,
    set,
    sources: { ...rest?.former.record.sources, ...recordedSources(plan, new Set()) },
    ...(sweep === undefined ? {} : { sweep }),
    nodes: Object.fromEntries(opening),
    facts: { platform, machine, engines },
    ...(pipeline.show.length === 0 ? {} : { show: pipeline.show }),
    ...(pipeline.plots === undefined ? {} : { plots: pipeline.plots }),
    ...(software === undefined ? {} : { software }),
  };
}

/** Where a source could not be kept nothing is run: what would be read is not what was hashed. */
function notScheduled(problems: readonly Problem[]): ScheduleEnd {
  return { problems, outcomes: new Map(), settled: new Map() };
}

interface Started {
  readonly options: RunRequest;
  readonly opening: ReadonlyMap<string, RunNode>;
  readonly kept: ReadonlySet<string>;
  readonly emit: Emit;
  readonly lost?: NonNullable<Scheduling['lost']>;
}

/** Gives the scheduler the store and the executor to ask. */
function scheduled(plan: Plan, { options, opening, kept, emit, lost }: Started): Promise<ScheduleEnd> {
  const { request, history } = plan;
  const { store } = request.surroundings;
  const run: AttemptRun = {
    run: options.id,
    pipeline: request.pipeline.name,
    file: request.pipeline.file,
    noWait: options.noWait === true,
    keepCheckpoints: options.keepCheckpoints === true,
    expected: options.expected,
    surroundings: request.surroundings,
    sources: request.pipeline.sources,
    keptSources: kept,
    emit,
    stop: options.stop,
  };
  const valueOr = <Value, Other>(other: Other, work: () => Value): Value | Other => {
    const outcome = refusable(plan, work);
    return outcome.ok ? outcome.value : other;
  };
  const execute: Scheduling['execute'] = (ready, onFree) =>
    executeNode(ready, run, onFree).catch((error: unknown) => systemFailure(error, ready.plan.prepared.instance.name, placesOf(plan)));
  return schedule(plan, {
    slots: options.capacity instanceof Slots ? options.capacity : new Slots({ name: plan.executor.name, capacity: options.capacity }),
    keepGoing: options.keepGoing,
    stop: options.stop.asked,
    emit,
    opening,
    expected: options.expected,
    beside: options.rest?.others,
    // Where it cannot be looked for, executing the node tries again, and fails by name if that is refused too.
    find: (fingerprint) => valueOr(undefined, () => store.results.known(fingerprint)),
    execute,
    hurry: () => store.results.hurry(),
    explain: ({ prepared }, inputs, { settled }) =>
      valueOr('why could not be looked up', () => explainRun(prepared, inputs, { store, history, settled }).cause),
    logOf: (node) => {
      const { path, name } = store.runs.log(options.id, node);
      return existsSync(path) ? { log: name } : {};
    },
    ...(lost === undefined ? {} : { lost }),
  });
}

/** A full disk or a lost permission is the machine's fault and fails the node; anything else that is thrown is a bug. */
function systemFailure(error: unknown, name: string, places: Whereabouts): NodeEnd {
  const problem = systemProblem(error, places);
  if (problem === undefined) throw error;
  return { state: 'failed', fingerprint: '', problem: { ...problem, kind: 'store', message: `${name}: ${problem.message}` } };
}

function stateOf({ problems, outcomes }: ScheduleEnd, isStopped: boolean): RunState {
  if (problems.length > 0) return 'failed';
  const unfinished = [...outcomes.values()].some(({ state }) => state === 'cancelled' || state === 'skipped');
  return isStopped && unfinished ? 'cancelled' : 'done';
}
