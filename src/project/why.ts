import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Asked, runsAsked } from '../engine/history.ts';
import { recordedSources } from '../engine/recipe.ts';
import { openingNodes } from '../engine/recorded-node.ts';
import { nodeOf } from '../model/folded-names.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import type { RunRecord, RunState } from '../model/run.ts';
import type { Store } from '../model/store.ts';
import { withCurrentNames } from '../records/current-names.ts';
import { findRun, noRuns } from '../records/find.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Context } from './context.ts';
import { locatePipeline } from './pipeline-files.ts';
import { type PlanOptions, plannedFile } from './run.ts';
import { type Now, type TextChange, textChanges } from './why/code.ts';
import { plannedReasons } from './why/planned.ts';
import type { Reason } from './why/reason.ts';
import { PastRecords, recordedReasons } from './why/recorded.ts';
import { type Because, becauseOf, type OwnReason, type Root, rootsOf } from './why/roots.ts';

export type { Because, Root, TextChange };

/** Why a node runs, or ran. */
export interface ExplainedReason extends Omit<Reason, 'past'> {
  /** Where it began, the nearest first, with the way from there; missing where more nodes than a few are explained. */
  readonly because: readonly Because[];
}

/** Why nodes run, or ran. */
export interface Explanation {
  readonly pipeline: string;
  /** The run that is explained, and how it stands; undefined where that is what a run would do now. */
  readonly run: { readonly id: string; readonly state: RunState } | undefined;
  /** The earlier run with which most is compared: the last that was asked the same, if there is any. */
  readonly comparedWith: string | undefined;
  /** Whether it is all nodes, or some that were named. */
  readonly isWhole: boolean;
  readonly nodes: readonly ExplainedReason[];
  /** What began it all, as far as the nodes are concerned. */
  readonly roots: readonly Root[];
  /** Scripts, commands, stage code and text files that are otherwise. */
  readonly code: readonly TextChange[];
  /** Of a plan that reuses all that is asked about: what made the newest run do it that was asked the same. */
  readonly last?: Explanation;
}

/** Whether a word names a pipeline file. */
function isPipeline(word: string, folder: string): boolean {
  return /\.ya?ml$/.test(word) || existsSync(locatePipeline(word, folder).file);
}

/**
 * Names what makes nodes run, or made them run, in comparison with the last run that was asked the same. The target is a pipeline file, a run,
 * or a node of the newest run's pipeline.
 */
export async function explainNodes(
  context: Context,
  target: string,
  node: string | undefined,
  options: PlanOptions,
): Promise<Outcome<Explanation>> {
  if (isPipeline(target, context.folder)) return planned(context, target, node, options);
  const store = context.store();
  if (!store.ok) return store;
  const run = findRun(store.value, target);
  if (run.ok) return recorded(context, withCurrentNames(run.value), node, store.value);
  if (node !== undefined || /^[@\d]/.test(target)) return run;
  const newest = newestNamed(store.value, target);
  return newest.ok ? planned(context, join(context.root, newest.value.file), target, options) : newest;
}

/** The newest run, for a word that names one of its nodes. */
function newestNamed(store: Store, word: string): Outcome<RunRecord> {
  const [newest] = store.runs.all();
  if (newest === undefined) return failed(noRuns);
  const names = Object.keys(newest.nodes);
  if (names.some((name) => name === word || nodeOf(name) === word)) return done(newest);
  const known = [...names, ...new Set(names.map(nodeOf))];
  return failed({
    kind: 'usage',
    code: 'unknown-node',
    message: `"${word}" is neither a pipeline file, nor a run, nor a node of the newest run`,
    hint: suggestion(word, known),
  });
}

function unknownNode(message: string, node: string, names: readonly string[]): Outcome<never> {
  const problem: Problem = { kind: 'usage', code: 'unknown-node', message, hint: suggestion(node, names) };
  return failed(problem);
}

async function planned(context: Context, file: string, node: string | undefined, options: PlanOptions): Promise<Outcome<Explanation>> {
  const found = await plannedFile(context, file, options);
  if (!found.ok) return found;
  const { plan, opened } = found.value;
  const { pipeline, store, shownFile } = opened;
  const names = [...plan.nodes.keys()];
  const wanted = node === undefined ? names : instancesNamed(pipeline.instances, node).filter((name) => plan.nodes.has(name));
  if (wanted.length === 0) return unknownNode(`no node is named "${node}"`, node ?? '', [...names, ...new Set(names.map(nodeOf))]);
  const now: Now = {
    file: shownFile,
    root: context.root,
    nodes: Object.fromEntries(openingNodes(plan)),
    sources: recordedSources(plan, new Set()),
    isOnDisk: true,
  };
  const told = { pipeline: pipeline.name, run: undefined, isWhole: node === undefined };
  const explanation = { ...told, ...explained(plannedReasons(plan), wanted, { store, past: new PastRecords(store), now }) };
  if (explanation.nodes.some(({ action }) => action !== 'reuse')) return done(explanation);
  const record = lastExecuting(store, pipeline.name, { file: shownFile, set: options.set ?? [] }, wanted);
  const last = record === undefined ? undefined : recorded(context, withCurrentNames(record), node, store);
  return done({ ...explanation, ...(last?.ok === true ? { last: last.value } : {}) });
}

/** Runs that are looked through for the one that did what is reused now. */
const RUNS_SEARCHED = 10;

/** The newest run that was asked the same and executed one of some nodes; undefined where the newest ones only reused them. */
function lastExecuting(store: Store, pipeline: string, asked: Asked, names: readonly string[]): RunRecord | undefined {
  let searched = 0;
  for (const record of runsAsked(store, pipeline, asked)) {
    if (names.some((name) => record.nodes[name]?.state === 'executed')) return record;
    searched += 1;
    if (searched === RUNS_SEARCHED) return undefined;
  }
  return undefined;
}

function recorded({ root }: Context, record: RunRecord, node: string | undefined, store: Store): Outcome<Explanation> {
  const names = Object.keys(record.nodes);
  const wanted = names.filter((name) => node === undefined || name === node || nodeOf(name) === node);
  if (wanted.length === 0)
    return unknownNode(`the run ${record.id} has no node "${node}"`, node ?? '', [...names, ...new Set(names.map(nodeOf))]);
  const past = new PastRecords(store);
  const { file, nodes, sources, id, state } = record;
  const now: Now = { file, root, nodes, sources, isOnDisk: false };
  const told = { pipeline: record.pipeline, run: { id, state }, isWhole: node === undefined };
  return done({ ...told, ...explained(recordedReasons(record, store, past), wanted, { store, past, now }) });
}

/** Of so many nodes each way is followed. */
const MOST_FOLLOWED = 100;

function explained(
  reasons: ReadonlyMap<string, OwnReason>,
  wanted: readonly string[],
  known: { readonly store: Store; readonly past: PastRecords; readonly now: Now },
): Pick<Explanation, 'nodes' | 'roots' | 'code' | 'comparedWith'> {
  const names = new Set(wanted);
  const roots = rootsOf(reasons).filter(({ node, leadsTo }) => names.has(node) || leadsTo.some((name) => names.has(name)));
  const nodes = wanted.flatMap((name): ExplainedReason[] => {
    const reason = reasons.get(name);
    if (reason === undefined) return [];
    const { past: _past, own: _own, ...told } = reason;
    return [{ ...told, because: wanted.length > MOST_FOLLOWED ? [] : becauseOf(name, reasons) }];
  });
  const compared = roots.flatMap(({ node }) => reasons.get(node)?.past ?? []);
  return { nodes, roots, code: textChanges(roots, reasons, known), comparedWith: mostFrequent(compared) };
}

function mostFrequent(words: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
