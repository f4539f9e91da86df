import { instanceName } from '../../model/instance-name.ts';
import type { Instance, Source } from '../../model/pipeline.ts';
import type { Outcome } from '../../model/problem.ts';
import { type FoundStage, findStage } from '../../code/declarations.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { checkVariables } from './command-variables.ts';
import { connect } from './connect.ts';
import { isFull, type NodeContext } from './context.ts';
import type { FileNode } from './file-node.ts';
import { matrixPoints } from './matrix.ts';
import { draftInstances } from './nodes.ts';
import type { NodesBefore, NodeToRead, ReadNode } from './nodes-before.ts';

/** Nodes that are to be read. */
interface NodesToRead {
  readonly nodes: Readonly<Record<string, FileNode>>;
  /** Their names, producers before consumers. */
  readonly order: readonly string[];
  /** Those that nodes name on the spot are added. */
  readonly sources: Map<string, Source>;
  readonly before: NodesBefore;
  /** The names of the instances that are wanted; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
}

/** Reads nodes; returns the instances of each by its name. */
export async function readNodes(
  { nodes, order, sources, before, only }: NodesToRead,
  context: NodeContext,
): Promise<Map<string, readonly Instance[]>> {
  const instances = new Map<string, readonly Instance[]>();
  const wiring = { folder: context.folder, root: context.root, sources, nodes, instances, kinds: new Map() };
  const stages = new Map<string, Outcome<FoundStage>>();
  let count = 0;
  for (const name of order) {
    const node = nodes[name];
    if (isFull(context)) break;
    if (node === undefined) continue;
    const asked = { name, node, instances, others: count, context };
    const read = await before.read(asked, async (own): Promise<ReadNode | undefined> => {
      const stage = node.uses === undefined ? undefined : await stageOf(node.uses, asked, stages);
      if (stage?.ok === false) return undefined;
      const points = matrixPoints(node, `/stages${pointerStep(name)}`, own, asked.others);
      const wanted = only === undefined ? points : { ...points, points: points.points.filter((key) => only.has(instanceName(name, key))) };
      const drafts = await draftInstances(name, node, wanted, stage?.value, own);
      if (stage === undefined) await checkVariables(name, node, drafts, own);
      return { instances: connect(drafts, node, { ...wiring, context: own }), points: points.points.length };
    });
    if (read === undefined) continue;
    count += read.points;
    instances.set(name, read.instances);
  }
  return instances;
}

/** The stage that a node uses, looked for once; what is wrong with it, or with what the node says beside it, is told. */
async function stageOf(
  uses: string,
  { name, node, context: { root, cache, locate, problems } }: NodeToRead,
  stages: Map<string, Outcome<FoundStage>>,
): Promise<Outcome<FoundStage>> {
  const base = `/stages${pointerStep(name)}`;
  const found = stages.get(uses) ?? (await findStage(uses, root, cache));
  stages.set(uses, found);
  if (!found.ok)
    for (const problem of found.problems) {
      const { code, message, hint, place } = problem;
      problems.push(place === undefined ? locate.problem(code, message, `${base}/uses`, 'value', hint) : problem);
    }
  else
    for (const key of ['out', 'tools', 'metrics', 'measures', 'budget', 'environment', 'code', 'confine'] as const) {
      if (node[key] === undefined) continue;
      const message = `"${key}" belongs to commands: the stage "${uses}" declares its own`;
      problems.push(locate.problem('unknown-key', message, `${base}/${key}`, 'key', 'remove it'));
    }
  return found;
}
