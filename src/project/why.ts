import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Difference } from '../engine/differences.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import type { Action } from '../model/event.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { NodeState, RunRecord } from '../model/run.ts';
import { findRun } from '../records/find.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Context } from './context.ts';
import { locatePipeline } from './pipeline-files.ts';
import { type PlanOptions, planFile } from './run.ts';

/** Why a node runs, or ran. */
export interface Explanation {
  readonly node: string;
  /** What a plan says of it, or how it ended. */
  readonly action: Action | NodeState;
  /** One sentence. */
  readonly cause: string;
  readonly changes: readonly Difference[];
}

/** Whether a word names a pipeline file. */
function isPipeline(word: string, folder: string): boolean {
  return /\.ya?ml$/.test(word) || existsSync(locatePipeline(word, folder).file);
}

/** Names the ingredient that makes a node run, or made it run. The target is a pipeline file, a run, or a node of the newest run. */
export async function explainNodes(
  context: Context,
  target: string,
  node: string | undefined,
  options: PlanOptions,
): Promise<Outcome<readonly Explanation[]>> {
  if (isPipeline(target, context.folder)) return planned(context, target, node, options);
  const store = context.store();
  if (!store.ok) return store;
  if (node !== undefined) {
    const run = findRun(store.value, target);
    return run.ok ? recorded(run.value, node) : run;
  }
  const [newest] = store.value.runs.all();
  return newest === undefined
    ? failed({ kind: 'usage', code: 'no-runs', message: 'nothing has run here yet', hint: 'stillroom run pipelines/quickstart.yaml' })
    : planned(context, join(context.root, newest.file), target, options);
}

function unknownNode(message: string, node: string, names: readonly string[]): Problem {
  return { kind: 'usage', code: 'unknown-node', message, hint: suggestion(node, names) };
}

async function planned(
  context: Context,
  file: string,
  node: string | undefined,
  options: PlanOptions,
): Promise<Outcome<readonly Explanation[]>> {
  const plan = await planFile(context, file, options);
  if (!plan.ok) return plan;
  const { pipeline, nodes } = plan.value;
  const names = nodes.map((one) => one.node);
  const wanted = node === undefined ? names : instancesNamed(pipeline.instances, node);
  if (node !== undefined && wanted.length === 0) return failed(unknownNode(`no node is named "${node}"`, node, names));
  return done(
    nodes
      .filter((one) => wanted.includes(one.node))
      .map(({ node: name, action, cause, changes }) => ({ node: name, action, cause, changes })),
  );
}

function recorded(record: RunRecord, node: string): Outcome<readonly Explanation[]> {
  const found = Object.entries(record.nodes).filter(([name]) => name === node || name.startsWith(`${node}[`));
  if (found.length === 0) return failed(unknownNode(`the run ${record.id} has no node "${node}"`, node, Object.keys(record.nodes)));
  return done(found.map(([name, { state, cause }]) => ({ node: name, action: state, cause, changes: [] })));
}
