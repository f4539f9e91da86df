import { digestOf } from '../model/canonical.ts';
import { broadcast, type Happening, type PlannedNode, UNCHANGED, type Watcher } from '../model/event.ts';
import type { Source } from '../model/pipeline.ts';
import type { Attempt } from '../model/result.ts';
import { type KeptNodes, type KeptRecord, type RunRecord, type RunSoftware, secondsBetween } from '../model/run.ts';
import type { RunRow } from '../model/run-row.ts';
import type { Snapshot, Store } from '../model/store.ts';
import type { RecalledRun } from './recall.ts';
import type { RunEnd } from './run.ts';

/** A node's name, and the names of those that it takes inputs from. */
export type UnchangedNode = readonly [node: string, ...after: readonly string[]];

/** What there is to do for a node in which nothing changed. */
export function plannedUnchanged([node, ...after]: UnchangedNode): PlannedNode {
  return { node, action: 'reuse', cause: UNCHANGED, after };
}

/** What a run of a pipeline is as long as nothing that counts changes: the same results, all of them reused. */
export interface UnchangedRun {
  readonly record: Omit<KeptRecord, 'id' | 'started' | 'ended'>;
  /** The row of the run that it was, had it reused all. */
  readonly row: RunRow;
  /** The names of its nodes, each with those that it takes inputs from. */
  readonly nodes: readonly UnchangedNode[];
  /** What each of them was, in their order (see `identityOf`). */
  readonly identities: readonly string[];
  /** Where users find each `node.port`. */
  readonly outputs: readonly (readonly [name: string, path: string])[];
  /** How the folder of outputs stood when they had been put there. */
  readonly published: string;
  /** How the store stood when it held all that came out; empty where that could not be told yet. */
  readonly standing: string;
  /** In place of that, the results of which the nodes came: of each its fingerprint and the digest of its attempt, a line each. */
  readonly results: string;
  /** Content of theirs that is kept in files of its own, and whether records of them are. */
  readonly apart: { readonly content: readonly string[]; readonly records: boolean };
  readonly sources: readonly (readonly [source: Source, snapshot: Snapshot])[];
}

/** The digest of an attempt; empty where there is none. */
export function attemptDigest(attempt: Attempt | undefined): string {
  return attempt === undefined ? '' : digestOf(attempt);
}

/**
 * Whether the store still holds all that a run would reuse, as it was, and users find its outputs as they were put there. `noted`: how the store
 * stood when all that is kept among other small content was there; returns that of now, by which it is known the next time. Undefined: something
 * is otherwise.
 */
export function standingOf(unchanged: UnchangedRun, store: Store, noted: string): string | undefined {
  const { record, results, apart, published } = unchanged;
  const standing = store.standing();
  const isNoted = isAsNoted(unchanged, standing, noted);
  const isThere =
    store.runs.hasNodes(record.nodes) &&
    store.published.standing(record.pipeline) === published &&
    (isNoted || (results !== '' && areThere(results, store))) &&
    isApartThere(unchanged, store) &&
    areSourcesKept(unchanged, store);
  if (!isThere) return undefined;
  return apart.records || store.standing() !== standing ? '' : standing;
}

/** Whether of each source that a run read as much is kept as then. */
export function areSourcesKept({ record, sources }: UnchangedRun, store: Store): boolean {
  return sources.every(([source, snapshot]) => {
    const isKept = store.sources.keep(source, snapshot);
    return isKept.ok && isKept.value === (record.sources[source.name]?.kept === true);
  });
}

/** Whether all that a run would reuse and that is kept among other small content is there, by how the store stands. */
function isAsNoted({ apart, standing: before }: UnchangedRun, standing: string, noted: string): boolean {
  return standing !== '' && !apart.records && (standing === noted || standing === before);
}

function isApartThere({ apart }: UnchangedRun, { artifacts }: Store): boolean {
  return apart.content.every((digest) => artifacts.broken({ content: { kind: 'file', digest } }).length === 0);
}

/** The same run as one of which a plan reuses what stands as it did; undefined where the store may not hold all of it, or not as it was. */
export function recalledRun(unchanged: UnchangedRun, store: Store, noted: string): RecalledRun | undefined {
  const { record, nodes, identities, sources } = unchanged;
  if (!isAsNoted(unchanged, store.standing(), noted) || !isApartThere(unchanged, store)) return undefined;
  const recorded = store.runs.nodesOf(record.nodes);
  return (
    recorded && {
      identities: new Map(nodes.map(([node], index) => [node, identities[index] ?? ''])),
      nodes: recorded,
      snapshots: new Map(sources.map(([{ name }, snapshot]) => [name, snapshot])),
    }
  );
}

function areThere(results: string, store: Store): boolean {
  return results.split('\n').every((line) => {
    const [fingerprint = '', digest] = line.split(' ');
    return line === '' || attemptDigest(store.results.whole(fingerprint)) === digest;
  });
}

/** Who is told of a run, and what it is called. */
interface Told {
  readonly id: string;
  readonly set: readonly string[];
  readonly software: RunSoftware;
  readonly watchers: readonly Watcher[];
}

/** A record whose nodes are read when they are first asked for. */
export function withNodes<Head extends object>(head: Head, kept: KeptNodes, store: Store): Head & Pick<RunRecord, 'nodes'> {
  let nodes: RunRecord['nodes'] | undefined;
  const read = (): RunRecord['nodes'] => {
    nodes ??= store.runs.nodesOf(kept) ?? {};
    return nodes;
  };
  return Object.defineProperty({ ...head }, 'nodes', { get: read, enumerable: true }) as Head & Pick<RunRecord, 'nodes'>;
}

/** Records a run in which nothing had to be done, and tells of it. */
export function recordUnchanged(unchanged: UnchangedRun, store: Store, { id, set, software, watchers }: Told): RunEnd {
  const { nodes: kept, ...former } = unchanged.record;
  const head = { ...former, software };
  let [started, ended] = ['', ''];
  // As the ledger of a run does: it is told when its record is written.
  const ledger: Watcher = {
    report({ type, time }) {
      if (type === 'run-started') started = time;
      if (type !== 'run-ended') return;
      const seconds = secondsBetween(started, time);
      store.runs.writeKept({ ...head, id, set, started, ended: time, nodes: kept }, { ...unchanged.row, run: id, started, seconds });
      ended = time;
    },
  };
  const emit = broadcast<Happening>([ledger, ...watchers]);
  const lease = store.runs.start(id);
  try {
    const { hash, ...opening } = { ...head, id, set, state: 'live' as const };
    emit({
      type: 'run-started',
      run: id,
      pipeline: head.pipeline,
      nodes: unchanged.nodes.map(plannedUnchanged),
      record: withNodes(opening, kept, store),
    });
    emit({ type: 'sources-kept', sources: head.sources });
    if (unchanged.nodes.length > 0) emit({ type: 'nodes-reused', nodes: unchanged.nodes.map(([node]) => node) });
    emit({ type: 'run-ended', run: id, state: 'done', ...(hash === undefined ? {} : { hash }) });
    return {
      record: withNodes({ ...head, id, set, started, ended }, kept, store),
      problems: [],
      outputs: new Map(unchanged.outputs),
      published: unchanged.published,
    };
  } finally {
    store.flush();
    lease.release();
  }
}
