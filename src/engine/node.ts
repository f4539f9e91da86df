import { setImmediate } from 'node:timers/promises';
import { namesIn } from '../files/folder.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Happening } from '../model/event.ts';
import type { Errand, WantedResult } from '../model/store.ts';
import type { Claim } from '../model/workplace.ts';
import { failed, type Problem } from '../model/problem.ts';
import { type Asker, telling, type Waiting } from '../model/waiting.ts';
import { type Attempt, RESULT_FORMAT } from '../model/result.ts';
import { type AttemptEnd, type AttemptRun, type Held, removeLeft, takeOver, tryOnce } from './attempt.ts';
import { endsByBudget } from './fingerprint.ts';
import { wantedResult } from './far-plan.ts';
import { disturbed, isDisturbed, withOthers } from './disturbed.ts';
import type { Settled } from './inputs.ts';
import type { ReadyNode } from './scheduling.ts';

/** How a node ended. */
export type NodeEnd =
  | { readonly state: 'executed'; readonly settled: Settled }
  | { readonly state: 'reused'; readonly settled: Settled /** Where its result was fetched from. */; readonly remote?: string }
  | { readonly state: 'failed'; readonly problem: Problem; readonly fingerprint: string }
  /** The outputs of these, which it was to be given, are missing or damaged. */
  | { readonly state: 'unfed'; readonly producers: readonly string[] }
  | { readonly state: 'cancelled' };

/** Executes a node whose inputs are known, unless an equal result exists by the time its work is claimed. */
export async function executeNode(ready: ReadyNode, run: AttemptRun, onFree: () => void): Promise<NodeEnd> {
  const { fingerprint, work, isForced } = ready;
  const { instance } = ready.plan.prepared;
  const { store } = run.surroundings;
  const claim = await store.workplaces.claim(work, askerOf(ready, run));
  if (claim === undefined) return { state: 'cancelled' };
  const wanted = wantedResult(ready.plan.prepared, ready.ingredients, fingerprint);
  const errand: Errand = {
    signal: run.stop.asked,
    notice: (message) => run.emit({ type: 'notice', level: 'warning', node: instance.name, message }),
  };
  const left: (() => void)[] = [];
  try {
    if (isForced) store.results.see(work);
    const found = isForced ? undefined : await telling(store.results.find(wanted, errand, work), () => run.emit(looking(instance.name)));
    if (found !== undefined) {
      const { attempt, remote } = found;
      return { state: 'reused', settled: { instance, fingerprint, attempt }, ...(remote === undefined ? {} : { remote }) };
    }
    // What it made is taken and kept while others use its slots: that needs none, and they begin first. Until it is taken they do not measure,
    // since the machine is still held; nor does one begin beside what measured.
    const onEnded = (): Promise<void> => {
      onFree();
      return setImmediate();
    };
    const attempt = await executeClaimed(ready, claim, {
      ...run,
      onEnded: instance.measures ? undefined : onEnded,
      afterKeeping: (work) => void left.push(work),
    });
    onFree();
    if (attempt === 'stopped') return { state: 'cancelled' };
    if ('unfed' in attempt) return { state: 'unfed', producers: attempt.unfed };
    if (!attempt.ok) return { state: 'failed', problem: attempt.problems[0] as Problem, fingerprint };
    const made = isDisturbed(attempt.value) ? disturbed(wanted, run.run) : wanted;
    store.results.promise?.(made);
    await keep(ready, made, attempt.value, run);
    store.results.share(made, errand);
    if (instance.work.kind === 'stage') leaveCheckpoints(ready, run);
    return { state: 'executed', settled: { instance, fingerprint: made.fingerprint, attempt: attempt.value } };
  } finally {
    for (const work of left) work();
    claim.release();
  }
}

/** What a larger budget may go on from stays, and nothing else: finished work needs no checkpoint. */
function leaveCheckpoints({ plan, work, fingerprint }: ReadyNode, { run, keepCheckpoints, surroundings, emit }: AttemptRun): void {
  const { instance } = plan.prepared;
  const checkpoints = surroundings.store.workplaces.checkpoints(work);
  const owner = { run, fingerprint, asked: keepCheckpoints };
  const remove = (): readonly string[] => (endsByBudget(instance) ? checkpoints.keepNewest(owner) : checkpoints.remove());
  removeLeft({ remove }, instance.name, emit);
}

/** Takes over what an earlier coordinator left of the work; else executes it, as often as it may be tried. */
async function executeClaimed(ready: ReadyNode, claim: Claim, run: AttemptRun): Promise<AttemptEnd> {
  const { prepared } = ready.plan;
  const { instance, executor } = prepared;
  const left = await takeOver(ready, claim.remains, run);
  const isInterrupted = left !== undefined && problemOf(left)?.code === 'interrupted';
  if (left !== undefined && !isInterrupted && !triesAgain(left, instance.retries, ready, run)) return left;
  const tries = instance.retries + (left === undefined || isInterrupted ? 1 : 0);
  const asker = askerOf(ready, run);
  const lock = await telling(claim.lock(asker.signal), () => asker.onWait(REMAINS));
  if (lock === undefined) return 'stopped';
  try {
    const unready = await withoutEnvironment(ready, asker, run);
    if (unready !== undefined) return unready;
    const usesDevice = Object.values(prepared.own.engines).some(({ device }) => device !== 'cpu');
    const gpu = Math.max(instance.resources.gpu, usesDevice ? 1 : 0);
    const hold = await executor.hold({ alone: instance.measures, beside: run.noWait, gpu }, asker);
    if (hold === undefined) return 'stopped';
    try {
      if (left === undefined) ready.onStart();
      const before = hold.beside?.() ?? [];
      const end = await tryUntilDone(ready, tries, { lock, hold }, run);
      return hold.beside === undefined ? end : withOthers(end, [...before, ...hold.beside()]);
    } finally {
      hold.release();
    }
  } finally {
    lock.release();
  }
}

/** Why a node cannot be executed, since its environment could not be built; undefined where it is there, or the node has none. */
async function withoutEnvironment({ plan }: ReadyNode, asker: Asker, { surroundings }: AttemptRun): Promise<AttemptEnd | undefined> {
  const { instance, environment } = plan.prepared;
  if (environment?.built === undefined) return undefined;
  const { readyEnvironment } = await import('./built-environments.ts');
  const ready = await readyEnvironment(environment, asker, surroundings);
  if (ready === 'stopped') return ready;
  return ready.ok ? undefined : failed(...ready.problems.map((one) => ({ ...one, message: `${instance.name}: ${one.message}` })));
}

const REMAINS: Waiting = { reason: 'remains', message: 'waits until what an earlier run left of it has ended', for: [] };

function looking(node: string): Happening {
  return { type: 'node-waiting', node, reason: 'remote', message: 'waits for a remote, which may have its result', for: [] };
}

/** In whose name a node waits, and who is told. */
function askerOf({ plan, unwanted }: ReadyNode, { run, pipeline, surroundings: { root }, emit }: AttemptRun): Asker {
  const node = plan.prepared.instance.name;
  return {
    who: { pid: process.pid, since: new Date().toISOString(), project: root, pipeline, run, node },
    signal: unwanted,
    onWait: (waiting) => emit({ type: 'node-waiting', node, ...waiting }),
  };
}

/** So often in a row is a node begun anew that was ended by its place, and not by itself, without that counting as a try, where it saved nothing new. */
const MOST_INTERRUPTIONS = 20;

async function tryUntilDone(ready: ReadyNode, tries: number, held: Held, run: AttemptRun): Promise<AttemptEnd> {
  const { folder } = run.surroundings.store.workplaces.checkpoints(ready.work);
  // What ends with this process is not interrupted by its place.
  const isAttached = ready.plan.prepared.executor.isAttached === true;
  const saved = (): string => (isAttached ? '' : namesIn(folder).join('\n'));
  let interruptions = 0;
  for (let left = tries - 1; ; ) {
    const before = saved();
    const attempt = await tryOnce(ready, held, left > 0 ? { ...run, onEnded: undefined } : run);
    const problem = problemOf(attempt);
    if (saved() !== before) interruptions = 0;
    if (problem?.code === 'interrupted' && interruptions < MOST_INTERRUPTIONS) {
      interruptions += 1;
      const message = `${problem.message}; it is begun anew, which spends no retry`;
      run.emit({ type: 'notice', level: 'warning', node: ready.plan.prepared.instance.name, message });
    } else if (triesAgain(attempt, left, ready, run)) left -= 1;
    else return attempt;
  }
}

function problemOf(end: AttemptEnd): Problem | undefined {
  return end === 'stopped' || 'unfed' in end || end.ok ? undefined : end.problems[0];
}

/** Whether what failed is tried again, and says so: as often as is left, and only where it was the node that failed, not how the run is asked. */
function triesAgain(end: AttemptEnd, left: number, { plan }: ReadyNode, { emit }: AttemptRun): boolean {
  const problem = problemOf(end);
  if (problem === undefined || problem.kind === 'usage' || left <= 0) return false;
  const message = `${problem.message}; trying again (${left} left)`;
  emit({ type: 'notice', level: 'warning', node: plan.prepared.instance.name, message });
  return true;
}

/** Keeps what came out, durably. */
async function keep(
  { plan, isAwaited }: ReadyNode,
  wanted: WantedResult,
  attempt: Attempt,
  { surroundings: { store }, emit }: AttemptRun,
): Promise<void> {
  const { instance } = plan.prepared;
  const { fingerprint, stage, ingredients, workDigest } = wanted;
  const result = { format: RESULT_FORMAT, fingerprint, stage, ingredients, attempts: [attempt] } as const;
  const before = (await store.results.keep(result, workDigest, !isAwaited()))?.outputs;
  if (before === undefined) return;
  const differing = Object.keys(attempt.outputs).filter(
    (port) => instance.outputs[port]?.measured !== true && canonicalJson(before[port] ?? null) !== canonicalJson(attempt.outputs[port]),
  );
  if (differing.length > 0)
    emit({
      type: 'notice',
      level: 'warning',
      node: instance.name,
      message: `not deterministic: the same work gave other bytes in ${differing.join(', ')}`,
    });
}
