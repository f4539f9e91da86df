import { digestOf } from '../model/canonical.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { Problem } from '../model/problem.ts';
import type { Ingredients } from '../model/result.ts';
import type { RunNode } from '../model/run.ts';
import { disturbers } from './disturbed.ts';
import type { Prepared } from './fingerprint.ts';
import { inputIngredients, type Known, type Settled } from './inputs.ts';
import type { NodePlan, Plan } from './plan.ts';
import { recipeOf } from './recipe.ts';

/** What a node's own code is called in records: the digest of its bundle, or of its command and tools. */
export function recordedCode({ own }: Prepared): string {
  return own.work.kind === 'stage' ? own.work.code : digestOf({ run: own.work.run, tools: own.work.tools });
}

/** A node as a run's record has it, whatever becomes of it. */
function recordedNode(prepared: Prepared, state: RunNode['state'], cause: string): RunNode {
  const { instance } = prepared;
  const { work } = instance;
  return {
    state,
    cause,
    stage: work.kind === 'stage' ? work.stage : 'command',
    params: instance.params,
    code: recordedCode(prepared),
    recipe: recipeOf(prepared),
  };
}

/** Content digests of inputs, by port, as a record has them. */
export function inputDigests(inputs: Ingredients['inputs']): JsonObject {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, { elements }]) => [
      port,
      elements.map(({ key, content, executable }): Json => {
        const more = { ...(Object.keys(key).length === 0 ? {} : { key }), ...(executable === true ? { executable } : {}) };
        return Object.keys(more).length === 0 ? content : { ...more, content };
      }),
    ]),
  );
}

/** A node that came out: executed in this run, or reused. */
export function settledNode(base: RunNode, { instance, attempt, fingerprint }: Settled, known: Known): RunNode {
  const by = disturbers(attempt);
  const outputs = Object.entries(attempt.outputs).map(
    ([port, artifact]) => [port, { ...artifact, measured: instance.outputs[port]?.measured === true }] as const,
  );
  return {
    ...base,
    fingerprint,
    inputs: inputDigests(inputIngredients(instance, known).inputs),
    outputs: Object.fromEntries(outputs),
    metrics: attempt.metrics,
    seconds: attempt.seconds,
    ...(by === undefined ? {} : { disturbed: by }),
  };
}

/** Nodes to be reused as records have them: plans may share them. */
const reused = new WeakMap<NodePlan, RunNode>();

function reusedNode(plan: NodePlan, settled: Settled, known: Known): RunNode {
  const node = reused.get(plan) ?? settledNode(recordedNode(plan.prepared, 'reused', plan.cause), settled, known);
  reused.set(plan, node);
  return node;
}

/** All nodes of a plan as a run's record has them before anything has run: those to be reused with what came out of them. */
export function openingNodes({ nodes, snapshots }: Plan): ReadonlyMap<string, RunNode> {
  const settled = new Map([...nodes].flatMap(([name, node]) => (node.settled === undefined ? [] : [[name, node.settled] as const])));
  const opening = [...nodes].map(([name, plan]): readonly [string, RunNode] => [
    name,
    plan.recorded ??
      (plan.settled === undefined
        ? recordedNode(plan.prepared, 'waiting', plan.cause)
        : reusedNode(plan, plan.settled, { snapshots, settled })),
  ]);
  return new Map(opening);
}

/** A node that failed. */
export function failedNode(base: RunNode, { code, message, hint }: Problem, fingerprint: string): RunNode {
  return { ...base, fingerprint, error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}
