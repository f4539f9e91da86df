import { broadcast, type Happening, type PlannedNode, type Watcher } from '../model/event.ts';
import { ownMember } from '../model/own-member.ts';
import type { Source } from '../model/pipeline.ts';
import type { Attempt } from '../model/result.ts';
import type { KeptRecord, RunNode, RunRecord } from '../model/run.ts';
import { type RunRow, rowOf } from '../model/run-row.ts';
import type { Snapshot, Store } from '../model/store.ts';
import { digestOf } from '../model/canonical.ts';
import { type Plan, plannedNodes, UNCHANGED } from './plan.ts';
import type { RunEnd } from './run.ts';

/** What a run of a pipeline is as long as nothing that counts changes: the same results, all of them reused. */
export interface UnchangedRun {
  readonly record: Omit<KeptRecord, 'id' | 'started' | 'ended'>;
  readonly row: Omit<RunRow, 'run' | 'started' | 'seconds'>;
  readonly nodes: readonly PlannedNode[];
  /** Where users find each `node.port`. */
  readonly outputs: readonly (readonly [name: string, path: string])[];
  /** How the folder of outputs stood when they had been put there. */
  readonly published: string;
  /** The results of which the nodes came, each with the digest of its attempt. */
  readonly results: readonly (readonly [fingerprint: string, digest: string])[];
  readonly sources: readonly (readonly [source: Source, snapshot: Snapshot])[];
}

/** What a finished run will be while nothing changes; undefined where another one would have to look anew. */
export function unchangedRun(plan: Plan, { record, problems, outputs }: RunEnd): UnchangedRun | undefined {
  const { store } = plan.request.surroundings;
  const nodes = Object.entries(record.nodes);
  const isWhole = record.state === 'done' && problems.length === 0 && plan.request.forced.size === 0;
  if (!isWhole || !nodes.every(([, node]) => isReusable(node))) return undefined;
  const reused = Object.fromEntries(nodes.map(([name, node]) => [name, asReused(node)]));
  const { id: _id, started: _started, ended: _ended, ...head } = record;
  const { run: _run, started: _at, seconds: _seconds, ...row } = rowOf({ ...record, nodes: reused });
  const results = nodes.map(([, { fingerprint = '' }]) => [fingerprint, attemptDigest(store.results.whole(fingerprint))] as const);
  if (results.some(([, digest]) => digest === '')) return undefined;
  return {
    record: { ...head, nodes: store.runs.keepNodes(reused) },
    row,
    nodes: plannedNodes(plan).map((node) => ({ ...node, action: 'reuse', cause: UNCHANGED })),
    outputs: [...outputs],
    published: store.published.standing(record.pipeline),
    results,
    sources: [...plan.snapshots].flatMap(([name, snapshot]) => {
      const source = ownMember(plan.request.pipeline.sources, name);
      return source === undefined ? [] : [[source, snapshot] as const];
    }),
  };
}

function isReusable({ state, disturbed, fingerprint }: RunNode): boolean {
  return (state === 'executed' || state === 'reused') && disturbed === undefined && fingerprint !== undefined;
}

function asReused({ log: _log, ...node }: RunNode): RunNode {
  return { ...node, state: 'reused', cause: UNCHANGED };
}

function attemptDigest(attempt: Attempt | undefined): string {
  return attempt === undefined ? '' : digestOf(attempt);
}

/** Whether the store still holds all that a run would reuse, as it was, and users find its outputs as they were put there. */
export function isStillThere({ record, results, published, sources }: UnchangedRun, store: Store): boolean {
  return (
    store.runs.hasNodes(record.nodes) &&
    store.published.standing(record.pipeline) === published &&
    results.every(([fingerprint, digest]) => attemptDigest(store.results.whole(fingerprint)) === digest) &&
    sources.every(([source, snapshot]) => {
      const isKept = store.sources.keep(source, snapshot);
      return isKept.ok && isKept.value === (record.sources[source.name]?.kept === true);
    })
  );
}

/** Who is told of a run, and what it is called. */
interface Told {
  readonly id: string;
  readonly set: readonly string[];
  readonly watchers: readonly Watcher[];
}

/** A record whose nodes are read when they are first asked for. */
function withNodes<Head extends object>(head: Head, kept: KeptRecord['nodes'], store: Store): Head & Pick<RunRecord, 'nodes'> {
  let nodes: RunRecord['nodes'] | undefined;
  const read = (): RunRecord['nodes'] => {
    nodes ??= store.runs.nodesOf(kept) ?? {};
    return nodes;
  };
  return Object.defineProperty({ ...head }, 'nodes', { get: read, enumerable: true }) as Head & Pick<RunRecord, 'nodes'>;
}

/** Records a run in which nothing had to be done, and tells of it. */
export function recordUnchanged(unchanged: UnchangedRun, store: Store, { id, set, watchers }: Told): RunEnd {
  const { nodes: kept, ...head } = unchanged.record;
  let [started, ended] = ['', ''];
  // As the ledger of a run does: it is told when its record is written.
  const ledger: Watcher = {
    report({ type, time }) {
      if (type === 'run-started') started = time;
      if (type !== 'run-ended') return;
      const seconds = Math.max(0, Date.parse(time) - Date.parse(started)) / 1000;
      store.runs.writeKept({ ...head, id, set, started, ended: time, nodes: kept }, { ...unchanged.row, run: id, started, seconds });
      ended = time;
    },
  };
  const emit = broadcast<Happening>([ledger, ...watchers]);
  const lease = store.runs.start(id);
  try {
    const { hash, ...opening } = { ...head, id, set, state: 'live' as const };
    emit({ type: 'run-started', run: id, pipeline: head.pipeline, nodes: unchanged.nodes, record: withNodes(opening, kept, store) });
    emit({ type: 'sources-kept', sources: head.sources });
    if (unchanged.nodes.length > 0) emit({ type: 'nodes-reused', nodes: unchanged.nodes.map(({ node }) => node) });
    emit({ type: 'run-ended', run: id, state: 'done', ...(hash === undefined ? {} : { hash }) });
    return { record: withNodes({ ...head, id, set, started, ended }, kept, store), problems: [], outputs: new Map(unchanged.outputs) };
  } finally {
    store.flush();
    lease.release();
  }
}
