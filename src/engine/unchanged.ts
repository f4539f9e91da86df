import { setTimeout } from 'node:timers/promises';
import { TICK_NS } from '../files/stamp.ts';
import { monotonic } from '../model/clock.ts';
import { ownMember } from '../model/own-member.ts';
import type { RunNode } from '../model/run.ts';
import { rowOf } from '../model/run-row.ts';
import { producersOf } from '../model/pipeline.ts';
import { UNCHANGED } from '../model/event.ts';
import type { Plan } from './plan.ts';
import type { Store } from '../model/store.ts';
import { identityOf, type RecalledRun } from './recall.ts';
import { attemptDigest, type UnchangedRun } from './repeat.ts';
import type { Rest } from './rest.ts';
import type { RunEnd } from './run.ts';

/** A run that has just ended, for plans of this process to recall; undefined where not everything came out. */
export function endedRun(plan: Plan, { record, problems }: RunEnd): RecalledRun | undefined {
  const nodes = Object.entries(record.nodes);
  if (!isWhole({ record, problems }, nodes)) return undefined;
  return {
    identities: new Map([...plan.nodes].map(([name, { prepared }]) => [name, identityOf(prepared)])),
    nodes: Object.fromEntries(nodes.map(([name, node]) => [name, asReused(node)])),
    snapshots: plan.snapshots,
  };
}

/** What a finished run will be while nothing changes; undefined where another one would have to look anew. */
export function unchangedRun(plan: Plan, { record, problems, outputs: paths, published }: RunEnd): UnchangedRun | undefined {
  const { store } = plan.request.surroundings;
  const nodes = Object.entries(record.nodes);
  if (plan.request.forced.size > 0 || !isWhole({ record, problems }, nodes)) return undefined;
  const reused = Object.fromEntries(nodes.map(([name, node]) => [name, asReused(node)]));
  const { id: _id, started: _started, ended: _ended, ...head } = record;
  const before = store.standing();
  const apart = wholeApart(nodes, store);
  if (apart === undefined) return undefined;
  const standing = store.standing() === before ? before : '';
  return {
    record: { ...head, nodes: store.runs.keepNodes(reused) },
    row: { ...rowOf(record), executed: 0, reused: nodes.length, bytes: 0 },
    nodes: [...plan.nodes].map(([node, { prepared }]) => [node, ...producersOf(prepared.instance)] as const),
    identities: [...plan.nodes.values()].map(({ prepared }) => identityOf(prepared)),
    outputs: [...paths],
    published,
    results: standing === '' ? nodes.map(([, node]) => resultLine(node, store)).join('') : '',
    apart,
    standing,
    sources: [...plan.snapshots].flatMap(([name, snapshot]) => {
      const source = ownMember(plan.request.pipeline.sources, name);
      return source === undefined ? [] : [[source, snapshot] as const];
    }),
  };
}

/** The same of a run of which a part was planned: all beside it stands as in the run before. Waits until it can be told how the store stands. */
export async function unchangedPart(rest: Rest, plan: Plan, { record, problems, published }: RunEnd): Promise<UnchangedRun | undefined> {
  const { store } = plan.request.surroundings;
  const { former } = rest;
  const outcomes = rest.outcomes(record.nodes);
  const nodes = Object.entries(outcomes);
  if (published === '' || !isWhole({ record, problems }, nodes)) return undefined;
  const standing = await settledStanding(store);
  const apart = wholeApart(nodes, store);
  if (apart === undefined) return undefined;
  if (standing === '' || store.standing() !== standing) return undefined;
  const { id: _id, started: _started, ended: _ended, nodes: _nodes, ...head } = record;
  return {
    ...former,
    record: { ...head, nodes: rest.kept(nodes.map(([name, node]) => [name, asReused(node)])) },
    row: { ...rest.row({ ...record, nodes: outcomes }), executed: 0, reused: former.nodes.length, bytes: 0 },
    identities: former.nodes.map(([node], index) => {
      const planned = plan.nodes.get(node);
      return planned?.recorded === undefined && planned !== undefined ? identityOf(planned.prepared) : (former.identities[index] ?? '');
    }),
    published,
    results: '',
    apart: {
      content: [...new Set([...former.apart.content, ...apart.content])],
      records: former.apart.records || apart.records,
    },
    standing,
  };
}

/** Milliseconds between two looks at how a store stands. */
const PAUSE = 2;

/** How a store stands, once the tick of the clock in which it was last written to is over; empty where others go on writing to it. */
async function settledStanding(store: Store): Promise<string> {
  const end = monotonic() + Number(TICK_NS / 1_000_000n);
  for (;;) {
    const standing = store.standing();
    if (standing !== '' || monotonic() > end) return standing;
    await setTimeout(PAUSE);
  }
}

type NamedNodes = readonly (readonly [name: string, node: RunNode])[];

/** Whether all of a run came out, and some of its nodes can be reused. */
function isWhole({ record, problems }: Pick<RunEnd, 'record' | 'problems'>, nodes: NamedNodes): boolean {
  return record.state === 'done' && problems.length === 0 && nodes.every(([, node]) => isReusable(node));
}

/** What of nodes the store keeps in files of their own; undefined where anything of them is lost or damaged. */
function wholeApart(nodes: NamedNodes, store: Store): UnchangedRun['apart'] | undefined {
  const apart = store.results.apart(nodes.map(([, { fingerprint = '' }]) => fingerprint));
  const outputs = outputsOf(nodes);
  const content = store.artifacts.apart(outputs);
  const areThere = apart.every((fingerprint) => store.results.whole(fingerprint) !== undefined) && areWhole(outputs, content, store);
  return areThere ? { content, records: apart.length > 0 } : undefined;
}

function isReusable({ state, disturbed, fingerprint }: RunNode): boolean {
  return (state === 'executed' || state === 'reused') && disturbed === undefined && fingerprint !== undefined;
}

function asReused(node: RunNode): RunNode {
  if (node.state === 'reused' && node.cause === UNCHANGED) return node;
  const { log: _log, ...rest } = node;
  return { ...rest, state: 'reused', cause: UNCHANGED };
}

/** Whether contents are whole: of a file that is kept among other small content it is known by now. */
function areWhole(outputs: NonNullable<RunNode['outputs']>, apart: readonly string[], { artifacts }: Store): boolean {
  const isApart = new Set(apart);
  const unsure = Object.entries(outputs).filter(([, { kind, digest }]) => kind === 'dir' || isApart.has(digest));
  return artifacts.broken(Object.fromEntries(unsure)).length === 0;
}

/** All that came out of nodes, under names of no meaning. */
function outputsOf(nodes: NamedNodes): NonNullable<RunNode['outputs']> {
  return Object.fromEntries(
    nodes.flatMap(([name, { outputs = {} }]) => Object.entries(outputs).map(([port, output]) => [`${name} ${port}`, output])),
  );
}

function resultLine({ fingerprint = '' }: RunNode, store: Store): string {
  return `${fingerprint} ${attemptDigest(store.results.known(fingerprint))}\n`;
}
