import { ownMember } from '../model/own-member.ts';
import type { RunNode } from '../model/run.ts';
import { rowOf } from '../model/run-row.ts';
import { producersOf } from '../model/pipeline.ts';
import { type Plan, UNCHANGED } from './plan.ts';
import type { Store } from '../model/store.ts';
import { attemptDigest, type UnchangedRun } from './repeat.ts';
import type { RunEnd } from './run.ts';

/** What a finished run will be while nothing changes; undefined where another one would have to look anew. */
export function unchangedRun(plan: Plan, { record, problems, outputs, published }: RunEnd): UnchangedRun | undefined {
  const { store } = plan.request.surroundings;
  const nodes = Object.entries(record.nodes);
  const isWhole = record.state === 'done' && problems.length === 0 && plan.request.forced.size === 0;
  if (!isWhole || !nodes.every(([, node]) => isReusable(node))) return undefined;
  const reused = Object.fromEntries(nodes.map(([name, node]) => [name, asReused(node)]));
  const { id: _id, started: _started, ended: _ended, ...head } = record;
  const { run: _run, started: _at, seconds: _seconds, ...row } = rowOf(record);
  const before = store.standing();
  const isApart = nodes.some(([, { fingerprint = '' }]) => store.results.isApart(fingerprint));
  if (!areHeld(nodes, isApart, store)) return undefined;
  const standing = store.standing() === before ? before : '';
  return {
    record: { ...head, nodes: store.runs.keepNodes(reused) },
    row: { ...row, executed: 0, reused: nodes.length },
    nodes: [...plan.nodes].map(([node, { prepared }]) => ({
      node,
      action: 'reuse',
      cause: UNCHANGED,
      after: producersOf(prepared.instance),
    })),
    outputs: [...outputs],
    published,
    results: standing === '' ? nodes.map(([, node]) => resultLine(node, store)).join('') : '',
    apart: {
      content: [...new Set(nodes.flatMap(([, { outputs = {} }]) => store.artifacts.apart(outputs)))],
      records: isApart,
    },
    standing,
    sources: [...plan.snapshots].flatMap(([name, snapshot]) => {
      const source = ownMember(plan.request.pipeline.sources, name);
      return source === undefined ? [] : [[source, snapshot] as const];
    }),
  };
}

function isReusable({ state, disturbed, fingerprint }: RunNode): boolean {
  return (state === 'executed' || state === 'reused') && disturbed === undefined && fingerprint !== undefined;
}

function asReused(node: RunNode): RunNode {
  if (node.state === 'reused' && node.cause === UNCHANGED) return node;
  const { log: _log, ...rest } = node;
  return { ...rest, state: 'reused', cause: UNCHANGED };
}

/** Whether the store has the results of nodes and what came out of them, as far as can be seen without reading it. */
function areHeld(nodes: readonly (readonly [string, RunNode])[], isApart: boolean, { results, artifacts }: Store): boolean {
  if (isApart && !nodes.every(([, { fingerprint = '' }]) => !results.isApart(fingerprint) || results.whole(fingerprint) !== undefined))
    return false;
  const outputs = nodes.flatMap(([name, node]) =>
    Object.entries(node.outputs ?? {}).map(([port, output]) => [`${name} ${port}`, output] as const),
  );
  return artifacts.broken(Object.fromEntries(outputs)).length === 0;
}

function resultLine({ fingerprint = '' }: RunNode, store: Store): string {
  return `${fingerprint} ${attemptDigest(store.results.whole(fingerprint))}\n`;
}
