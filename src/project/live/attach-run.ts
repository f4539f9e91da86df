import { recordedInstances } from '../../engine/reproduction.ts';
import { pause } from '../../files/lock.ts';
import type { Artifact } from '../../model/artifact.ts';
import type { Event } from '../../model/event.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import type { RunRecord } from '../../model/run.ts';
import type { Store } from '../../model/store.ts';
import { shellWord } from '../../text/shell-word.ts';
import type { RunResult } from '../run.ts';
import { summaryOf } from '../summary.ts';
import { openingOf, RunTail } from './run-tail.ts';

/** Milliseconds between two looks at what came, and how many of them pass between two looks whether the process lives. */
const PAUSE = { events: 200, looks: 5 } as const;

/** Looks at whether the process is gone, once the run has said that it has ended. */
const PARTING = 50;

/** How a run is watched that others execute. */
export interface RunWatch {
  /** Aborted: watches no longer, and what runs goes on. */
  readonly signal: AbortSignal;
  /** Told once what has happened until now. */
  readonly onPast: (events: readonly Event[]) => void;
  readonly onEvent: (event: Event) => void;
}

/** A run that was watched. */
export interface AttachedRun {
  readonly kind: 'run';
  /** How it ended, or as it stands. */
  readonly result: RunResult;
  /** Whether it was live when watching began. */
  readonly wasLive: boolean;
}

/** Watches a run to its end, as long as the signal lets it. Fails where the record is gone. */
export async function attachToRun(store: Store, id: string, watch: RunWatch): Promise<Outcome<AttachedRun>> {
  const before = store.runs.read(id);
  if (before === undefined) return gone(id);
  const wasLive = before.state === 'live';
  const problems = new Map<string, Problem>();
  let executors: Executors = {};
  if (wasLive) {
    const past: Event[] = [];
    let tell = (event: Event): void => void past.push(event);
    const tail = new RunTail(store.runs, id, (event) => {
      if (event.type === 'node-started') problems.delete(event.node);
      if (event.type === 'node-ended' && event.problem !== undefined) problems.set(event.node, event.problem);
      tell(event);
    });
    tail.catchUp();
    // Its record is written a moment before its events.
    for (let look = 0; tail.opening === undefined && look < PAUSE.looks && !watch.signal.aborted; look += 1) {
      await pause(PAUSE.events, watch.signal);
      tail.read();
    }
    if (tail.opening === undefined) past.unshift(openingOf(before));
    watch.onPast(past);
    tell = (event) => {
      if (event.type !== 'run-started') watch.onEvent(event);
    };
    await follow(store, id, tail, watch.signal);
    executors = tail.opening ?? {};
  }
  store.runs.lookAnew();
  const record = store.runs.read(id);
  if (record === undefined) return gone(id);
  const known = problems.size > 0 ? [...problems.values()] : recordedProblems(record);
  const result = resultOf(store, record, record.state === 'interrupted' ? [interrupted(record, executors)] : known);
  return done({ kind: 'run', result, wasLive });
}

/** Tells what happens until the run has ended, its process is gone, or the signal comes. */
async function follow({ runs }: Store, id: string, tail: RunTail, signal: AbortSignal): Promise<void> {
  for (let look = 1; !signal.aborted && !tail.hasEnded; look += 1) {
    await pause(PAUSE.events, signal);
    const isLook = look % PAUSE.looks === 0;
    const isGone = isLook && !runs.isLive(id);
    if (isLook) tail.lookAnew();
    tail.read();
    if (isGone) break;
  }
  tail.end();
  // What it does last is not told by events.
  for (let look = 0; look < PARTING && !signal.aborted && runs.isLive(id); look += 1) await pause(PAUSE.events, signal);
}

function gone(id: string): Outcome<never> {
  const message = `the record of the run ${id} is missing or damaged`;
  return failed({ kind: 'usage', code: 'unknown-run', message, hint: 'see all: stillroom runs' });
}

/** What went wrong, as the record tells it. */
function recordedProblems({ nodes }: RunRecord): readonly Problem[] {
  return Object.values(nodes).flatMap(({ state, error }): Problem[] => {
    if (state !== 'failed' || error === undefined) return [];
    const { code, message, hint } = error;
    return [{ kind: 'stage', code: code as Problem['code'], message, ...(hint === undefined ? {} : { hint }) }];
  });
}

type Executors = Pick<Event & { readonly type: 'run-started' }, 'capacities' | 'executor'>;

/** That the process of a run is gone, and what to type. */
function interrupted({ id, file, set, ended }: RunRecord, { capacities = {}, executor = 'local' }: Executors): Problem {
  const words = ['run', file, ...set.flatMap((one) => ['--set', one]), ...(executor === 'local' ? [] : ['--executor', executor])];
  const others = Object.keys(capacities).filter((name) => name !== 'local');
  const rest = others.length === 0 ? '' : `; what it gave to ${others.join(' and ')} may go on, and is found again by that`;
  return {
    kind: 'stage',
    code: 'run-interrupted',
    message: `the run ${id} was interrupted: its process is gone${ended === undefined ? '' : `, last heard of at ${ended.slice(0, 19).replace('T', ' ')} UTC`}`,
    hint: `go on from there: stillroom ${words.map(shellWord).join(' ')}${rest}`,
  };
}

/** A run as it stands, with where its outputs lie. */
function resultOf(store: Store, record: RunRecord, problems: readonly Problem[]): RunResult {
  const instances = recordedInstances(record);
  const pipeline = { name: record.pipeline, show: record.show ?? [], instances: instances.ok ? instances.value : [] };
  const outputs = new Map(
    Object.entries(record.nodes).map(([name, node]) => [name, new Map<string, Artifact>(Object.entries(node.outputs ?? {}))]),
  );
  return {
    record,
    problems,
    outputs: store.published.where(record.pipeline, outputs),
    published: '',
    summary: { ...summaryOf(pipeline, record, store.artifacts), setting: undefined },
  };
}
