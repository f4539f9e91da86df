import { producersOf } from '../../model/pipeline.ts';
import { type RunNode, type RunRecord, secondsBetween } from '../../model/run.ts';
import type { ReportNode } from '../../model/report.ts';
import type { Runs } from '../../model/store.ts';
import { disturbedText } from '../../model/waiting.ts';
import { commandOf } from '../commands.ts';
import type { Told } from './told.ts';

/** The last lines of a failed node's log that are shown. */
const LOG_LINES = 20;

/** Why a node failed: what it was told as, and the end of what it printed. */
function failureOf(runs: Runs, run: string, name: string, { state, error, log }: RunNode): Pick<ReportNode, 'error' | 'log'> {
  if (state !== 'failed') return {};
  const lines = log === undefined ? [] : runs.lastLines(run, name, LOG_LINES);
  return { ...(error === undefined ? {} : { error }), ...(lines.length === 0 ? {} : { log: lines }) };
}

/** The chain of executed nodes, each needing the one before, whose times add up to the most; nodes stand after what they need. */
function criticalPath(nodes: readonly ReportNode[]): ReadonlySet<string> {
  const best = new Map<string, { readonly sum: number; readonly before: string | undefined }>();
  for (const { name, state, seconds, after } of nodes) {
    if (state !== 'executed' && state !== 'failed') continue;
    const before = after.reduce<string | undefined>(
      (most, one) => (best.has(one) && (most === undefined || (best.get(one)?.sum ?? 0) > (best.get(most)?.sum ?? 0)) ? one : most),
      undefined,
    );
    best.set(name, { sum: (seconds ?? 0) + (before === undefined ? 0 : (best.get(before)?.sum ?? 0)), before });
  }
  const path = new Set<string>();
  let [last] = [...best.keys()].sort((a, b) => (best.get(b)?.sum ?? 0) - (best.get(a)?.sum ?? 0));
  while (last !== undefined) {
    path.add(last);
    last = best.get(last)?.before;
  }
  // A node alone is no chain.
  return path.size > 1 ? path : new Set();
}

/** The nodes of a run in their order, with when each was executed and why it failed. */
export function reportNodes(runs: Runs, record: RunRecord, { times }: Told): readonly ReportNode[] {
  const nodes = Object.entries(record.nodes).map(([name, node]): ReportNode => {
    const { stage, state, cause, seconds, recipe, disturbed } = node;
    const time = times.get(name);
    const command = commandOf(recipe);
    return {
      name,
      node: recipe?.node ?? name,
      stage,
      state,
      cause,
      seconds: seconds ?? null,
      cpu: recipe?.resources.cpu ?? 1,
      ...(time === undefined ? {} : { began: secondsBetween(record.started, time.began) }),
      ...(time?.ended === undefined ? {} : { ended: secondsBetween(record.started, time.ended) }),
      ...(disturbed === undefined ? {} : { warning: disturbedText(disturbed) }),
      ...failureOf(runs, record.id, name, node),
      ...(command === undefined ? {} : { command }),
      after: recipe === undefined ? [] : producersOf(recipe),
    };
  });
  const critical = criticalPath(nodes);
  return nodes.map((node) => (critical.has(node.name) ? { ...node, critical: true } : node));
}
