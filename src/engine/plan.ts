import { type Action, type Capacities, type Expected, type PlannedNode, UNCHANGED } from '../model/event.ts';
import type { Capacity, Executor } from '../model/executor.ts';
import { type Instance, type Pipeline, producersOf, sourcesOf, withProducers } from '../model/pipeline.ts';
import type { Making } from '../model/making.ts';
import type { Errand, Snapshot } from '../model/store.ts';
import type { ProblemCode } from '../model/problem-codes.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { Ingredients, StoredResult } from '../model/result.ts';
import type { RunNode } from '../model/run.ts';
import { type Explaining, explainRun } from './explain.ts';
import type { Difference } from './differences.ts';
import { fingerprintOf, isSameInput, workDigestOf } from '../model/fingerprint.ts';
import { foldedNames } from '../model/folded-names.ts';
import { FarPlan } from './far-plan.ts';
import { ingredientsOf, type Prepared, prepare, prepareAsBefore, type Surroundings } from './fingerprint.ts';
import { askedOf, History } from './history.ts';
import { inputIngredients, type Settled } from './inputs.ts';
import { Recall, type RecalledRun } from './recall.ts';
import { rememberReused, reusedBefore } from './reused-before.ts';

const REMEASURED = 'measured again, as --remeasure says';

/** What a plan is made for. */
export interface PlanRequest {
  readonly pipeline: Pipeline;
  readonly surroundings: Surroundings;
  /** Instances to execute although their results exist. */
  readonly forced: ReadonlySet<string>;
  /** What measures is executed because it shall be measured again: it is among the forced. */
  readonly remeasure?: boolean;
  /** The instances wanted, with all that they need; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
  /** What is planned will be run at once. */
  readonly running?: boolean;
  /** Remotes are asked what they have of what would be executed: for a plan that is told, and not run as it is. */
  readonly asksRemotes?: Errand;
  /** The nodes' past, where several plans share what is read of it. */
  readonly history?: History | undefined;
  /** The `--set` options with which the pipeline was read. */
  readonly set?: readonly string[];
  /** A run of which the nodes that stand as they did are reused without being looked up. */
  readonly recalled?: RecalledRun | undefined;
}

/** What is to become of one instance, and why. */
export interface NodePlan {
  readonly prepared: Prepared;
  readonly action: Action;
  readonly cause: string;
  /** Its inputs are not known yet, so its cause can be told better when it starts. */
  readonly waits?: true | undefined;
  readonly differences: readonly Difference[];
  /** Of a node to be reused. */
  readonly settled: Settled | undefined;
  /** Of one that stands as in the recalled run: as the record has it. */
  readonly recorded?: RunNode;
  /** The remote that has its result, which is not here. */
  readonly remote?: string | undefined;
  /** What is asked of one that is executed, where all that it is given is known. */
  readonly ingredients?: Ingredients;
}

/** A plan of a whole pipeline, in the order of its instances. */
export interface Plan {
  readonly request: PlanRequest;
  /** The one that was chosen for all nodes that name none. */
  readonly executor: Executor;
  readonly nodes: ReadonlyMap<string, NodePlan>;
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  /** The nodes' past, to explain what runs after all. */
  readonly history: History;
}

/**
 * Says of each instance whether it will run, be reused, or may do either, and why. `reuse` is never executed and `run` never reused;
 * `maybe` stands only downstream of a node that runs, since its inputs may come out identical.
 */
export async function makePlan(request: PlanRequest): Promise<Outcome<Plan>> {
  const { pipeline, surroundings } = request;
  const executor = await surroundings.executors.get();
  if (!executor.ok) return executor;
  const problems: Problem[] = [];
  const wanted = withProducers(pipeline.instances, request.only);
  const snapshots = readSources(request, wanted, problems);
  const { history = new History(surroundings.store, pipeline.name, askedOf(pipeline, request.set ?? [])) } = request;
  const nodes = new Map<string, NodePlan>();
  const settled = new Map<string, Settled>();
  const recall = request.recalled && new Recall(request.recalled, snapshots);
  const far = request.asksRemotes && FarPlan.of(surroundings.store.results, request.asksRemotes, { nodes, settled });
  for (const instance of wanted) {
    const prepared = prepareAsBefore(instance, surroundings) ?? (await prepare(instance, surroundings));
    if (!prepared.ok) {
      problems.push(...prepared.problems);
      continue;
    }
    if (problems.length > 0) continue;
    if (far !== undefined) await far.knows(instance);
    const node = planNode(prepared.value, { request, snapshots, settled, history, recall });
    nodes.set(instance.name, node);
    if (node.settled !== undefined) settled.set(instance.name, node.settled);
    if (node.ingredients !== undefined) far?.ask(node, node.ingredients);
  }
  await far?.end();
  return problems.length > 0 ? failed(...toldOnce(problems)) : done({ request, executor: executor.value, nodes, snapshots, history });
}

/** Problems of an environment, which nodes may share. */
const OF_ENVIRONMENTS: ReadonlySet<ProblemCode> = new Set(['bad-environment', 'environment-failed', 'missing-python']);

/** Problems, but that of an engine which several nodes need once, and that of an environment or an executor where it is first needed. */
function toldOnce(problems: readonly Problem[]): readonly Problem[] {
  const isAlike = (a: Problem, b: Problem): boolean => a.code === 'engine-missing' && b.code === a.code && a.hint === b.hint;
  // An executor is opened once for all nodes, and so is what is wrong with it.
  const isSame = (a: Problem, b: Problem): boolean =>
    a === b || (OF_ENVIRONMENTS.has(a.code) && b.code === a.code && a.message === b.message);
  const told: Problem[] = [];
  for (const problem of problems) {
    if (told.some((one) => isSame(one, problem))) continue;
    if (told.some((one) => isAlike(one, problem))) continue;
    const others = problems.filter((one) => one !== problem && isAlike(one, problem)).length;
    const more = others === 1 ? 'does another node' : `do ${others} other nodes`;
    told.push(others === 0 ? problem : { ...problem, message: `${problem.message}; so ${more}` });
  }
  return told;
}

function readSources(
  { pipeline, surroundings: { store }, running }: PlanRequest,
  wanted: readonly Instance[],
  problems: Problem[],
): ReadonlyMap<string, Snapshot> {
  const snapshots = new Map<string, Snapshot>();
  for (const name of sourcesOf(wanted)) {
    const source = pipeline.sources[name];
    if (source === undefined) continue;
    const snapshot = running === true ? store.sources.take(source) : store.sources.snapshot(source);
    if (snapshot.ok) snapshots.set(name, snapshot.value);
    else problems.push(...snapshot.problems);
  }
  return snapshots;
}

interface Planning {
  readonly request: PlanRequest;
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  readonly settled: ReadonlyMap<string, Settled>;
  readonly history: History;
  readonly recall: Recall | undefined;
}

function explaining({ request, history, settled }: Planning): Explaining {
  return { store: request.surroundings.store, history, settled };
}

function planNode(prepared: Prepared, planning: Planning): NodePlan {
  const { instance } = prepared;
  const run = (cause: string, found: readonly Difference[] = []): NodePlan => ({
    prepared,
    action: 'run',
    cause,
    differences: found,
    settled: undefined,
  });
  const isForced = planning.request.forced.has(instance.name);
  const forcing = planning.request.remeasure === true && instance.measures ? REMEASURED : 'forced with --force';
  const { pending } = prepared.environment ?? {};
  // What it asks for is not known, so neither is whether a result of that is there.
  if (pending !== undefined && !isForced) return { prepared, action: 'maybe', cause: pending, differences: [], settled: undefined };
  const recorded = isForced ? undefined : planning.recall?.of(prepared);
  if (recorded !== undefined) return reusedAsBefore(prepared, recorded);
  const { inputs, unknown } = inputIngredients(instance, planning);
  if (unknown.length > 0) {
    if (isForced) return run(forcing);
    const candidates = planning.request.surroundings.store.results.ofWork(workDigestOf(prepared.own));
    if (candidates.some((result) => agrees(result, inputs))) {
      return {
        prepared,
        action: 'maybe',
        cause: `waits for what ${listed(unknown)} will give`,
        waits: true,
        differences: [],
        settled: undefined,
      };
    }
    const explained = explainRun(prepared, inputs, explaining(planning));
    const own = explained.differences.length > 0 || explained.isFirst;
    if (own) return run(explained.cause, explained.differences);
    return { ...run(`waits for what ${listed(unknown)} will give; no result of this work exists`), waits: true };
  }
  const ingredients = ingredientsOf(prepared, inputs);
  const before = reusedBefore(prepared, planning);
  const fingerprint = before?.settled.fingerprint ?? fingerprintOf(ingredients);
  const { store } = planning.request.surroundings;
  if (isForced) return run(forcing);
  const attempt = store.results.attempt(fingerprint);
  if (attempt === undefined) {
    const explained = explainRun(prepared, inputs, explaining(planning));
    return { ...run(explained.cause, explained.differences), ingredients };
  }
  const broken = store.artifacts.broken(attempt.outputs);
  if (broken.length > 0) {
    const cause = `its result is no longer whole: ${broken.map(({ port, damage }) => `${port} is ${damage}`).join(', ')}`;
    return { ...run(cause), ingredients };
  }
  if (attempt === before?.settled.attempt) return before;
  const settled = { instance, fingerprint, attempt };
  return rememberReused({ prepared, action: 'reuse', cause: UNCHANGED, differences: [], settled }, planning);
}

/** A node that stands as it did in the recalled run. */
function reusedAsBefore(prepared: Prepared, recorded: RunNode): NodePlan {
  const { fingerprint = '', outputs = {}, metrics = {}, seconds = 0 } = recorded;
  const settled = { instance: prepared.instance, fingerprint, attempt: { outputs, metrics, seconds, facts: {} } };
  return { prepared, action: 'reuse', cause: UNCHANGED, differences: [], settled, recorded };
}

/** Whether a result came from the inputs known so far, in the same shape as those still unknown. */
function agrees(result: StoredResult, inputs: Ingredients['inputs']): boolean {
  return Object.entries(inputs).every(([port, input]) => isSameInput(result.ingredients.inputs[port], input));
}

/** Names in few words: instances of one node as that, and of many nodes the first. */
function listed(names: readonly string[]): string {
  const folded = names.length <= 2 ? names : foldedNames(names);
  return folded.length <= 2 ? folded.join(' and ') : `${folded[0]} and ${folded.length - 1} others`;
}

/** A plan as reporters and `--json` show it; with what was found of its nodes' earlier executions. */
export function plannedNodes({ nodes }: Plan, expected: ReadonlyMap<string, Expected> = new Map()): PlannedNode[] {
  return [...nodes.values()].map(({ prepared: { instance, executor }, action, cause, remote }) => {
    const { name, resources, measures } = instance;
    const planned: Making<PlannedNode> = { node: name, action, cause, after: producersOf(instance) };
    if (remote !== undefined) planned.remote = remote;
    if (action === 'reuse') return planned;
    const known = expected.get(name);
    if (known !== undefined) planned.expected = known;
    planned.takes = { ...resources, executor: executor.name, alone: measures };
    return planned;
  });
}

/** What may be used at once of each executor that nodes of a plan may run on; `most`: of the chosen one, where that is less than all. */
export function capacitiesOf({ nodes, executor }: Plan, most: Capacity = executor.capacity): Capacities {
  const capacities: Record<string, Capacity> = {};
  for (const { prepared, action } of nodes.values())
    if (action !== 'reuse')
      capacities[prepared.executor.name] ??= prepared.executor.name === executor.name ? most : prepared.executor.capacity;
  return capacities;
}
