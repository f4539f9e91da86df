import { canonicalJson } from '../model/canonical.ts';
import type { Event } from '../model/event.ts';
import type { Executor, Stop } from '../model/executor.ts';
import type { Lock, Workplace } from '../model/store.ts';
import { done, failed, type Outcome, type Problem, withLog } from '../model/problem.ts';
import type { Attempt, Ingredients, MetricValue } from '../model/result.ts';
import { checkpointKeyOf, fingerprintOf, hasBudget, type Prepared, type Surroundings } from './fingerprint.ts';
import type { Known, Settled } from './inputs.ts';
import { collectOutputs } from './outputs.ts';
import { prepareWorkspace } from './workspace.ts';

/** What executing one node needs. */
export interface NodeRun {
  readonly run: string;
  readonly surroundings: Surroundings;
  readonly sources: Readonly<Record<string, { readonly path: string }>>;
  readonly keptSources: ReadonlySet<string>;
  readonly executor: Executor;
  /** Waits until this node may use the machine: alone, if it measures. */
  readonly machineGate: (alone: boolean, signal: AbortSignal) => Promise<Lock | undefined>;
  readonly emit: (event: Event) => void;
  readonly stop: Stop;
  /** Called when the node really starts: its lock is taken and no result exists. */
  readonly onStart: () => void;
}

/** How a node ended. */
export type NodeEnd =
  | { readonly state: 'executed'; readonly settled: Settled }
  | { readonly state: 'reused'; readonly settled: Settled }
  | { readonly state: 'failed'; readonly problem: Problem; readonly fingerprint: string }
  | { readonly state: 'cancelled' };

/** Executes a node whose inputs are known, unless an equal result exists by the time its lock is taken. */
export async function executeNode(
  prepared: Prepared,
  ingredients: Ingredients,
  known: Known,
  force: boolean,
  context: NodeRun,
): Promise<NodeEnd> {
  const { instance } = prepared;
  const { store } = context.surroundings;
  const fingerprint = fingerprintOf(ingredients);
  const work = checkpointKeyOf(ingredients, instance);
  const lock = await store.lock(work, context.stop.asked, () =>
    context.emit({ type: 'notice', level: 'note', node: instance.name, message: 'waits for another run that executes the same work' }),
  );
  if (lock === undefined) return { state: 'cancelled' };
  try {
    const existing = store.result(fingerprint);
    if (!force && existing !== undefined && store.brokenPorts(existing.attempts[0].outputs).length === 0) {
      return { state: 'reused', settled: { instance, fingerprint, attempt: existing.attempts[0] } };
    }
    const gate = await context.machineGate(instance.measures, context.stop.asked);
    if (gate === undefined) return { state: 'cancelled' };
    try {
      context.onStart();
      const attempt = await tryUntilDone(prepared, known, work, lock, context);
      if (attempt === 'stopped') return { state: 'cancelled' };
      if (!attempt.ok) return { state: 'failed', problem: attempt.problems[0] as Problem, fingerprint };
      keep(prepared, ingredients, attempt.value, context);
      if (!hasBudget(instance)) store.checkpoints(work).remove();
      return { state: 'executed', settled: { instance, fingerprint, attempt: attempt.value } };
    } finally {
      gate.release();
    }
  } finally {
    lock.release();
  }
}

function keep(prepared: Prepared, ingredients: Ingredients, attempt: Attempt, { surroundings: { store }, emit }: NodeRun): void {
  const { instance } = prepared;
  const fingerprint = fingerprintOf(ingredients);
  const before = store.result(fingerprint)?.attempts[0].outputs;
  store.keepResult(
    { format: 1, fingerprint, stage: instance.work.kind === 'stage' ? instance.work.stage : 'command', ingredients, attempts: [attempt] },
    prepared.workDigest,
  );
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

async function tryUntilDone(
  prepared: Prepared,
  known: Known,
  work: string,
  lock: Lock,
  context: NodeRun,
): Promise<Outcome<Attempt> | 'stopped'> {
  for (let left = prepared.instance.retries; ; left -= 1) {
    const place = context.surroundings.store.workplace(work);
    try {
      const attempt = await tryOnce(prepared, known, work, lock, place, context);
      if (attempt === 'stopped' || attempt.ok || left <= 0) return attempt;
      context.emit({
        type: 'notice',
        level: 'warning',
        node: prepared.instance.name,
        message: `${attempt.problems[0]?.message}; trying again (${left} left)`,
      });
    } finally {
      place.remove();
    }
  }
}

async function tryOnce(
  prepared: Prepared,
  known: Known,
  work: string,
  lock: Lock,
  place: Workplace,
  context: NodeRun,
): Promise<Outcome<Attempt> | 'stopped'> {
  const { instance } = prepared;
  const { store } = context.surroundings;
  const space = prepareWorkspace(prepared, known, context.keptSources, place, { store, sources: context.sources });
  if (!space.ok) return space;
  const execution = await context.executor.execute(
    {
      node: instance.name,
      workplace: place,
      lock,
      work: space.value.work.kind === 'stage' ? { ...space.value.work, readable: space.value.outside } : space.value.work,
      params: instance.params,
      inputs: space.value.inputs,
      outputs: space.value.outputs,
      checkpoints: store.checkpoints(work).folder,
      ...environmentOf(prepared, context.surroundings),
      cpu: instance.resources.cpu,
      log: store.logFile(context.run, instance.name),
      timeout: instance.timeout,
    },
    context.emit,
    context.stop,
  );
  if (execution.ended === 'stopped') return 'stopped';
  if (execution.ended === 'failed') return failed(execution.problem);
  const unchanged = space.value.changed();
  const outputs = unchanged.ok ? collectOutputs(instance, space.value.outputs, place, store) : unchanged;
  if (!outputs.ok)
    return failed(...outputs.problems.map((problem) => withLog(problem, execution.last, store.logFile(context.run, instance.name))));
  const metrics: Record<string, MetricValue> = {};
  for (const [name, value] of Object.entries(execution.metrics))
    metrics[name] = { value, measured: instance.metrics[name]?.measured === true };
  return done({
    outputs: outputs.value,
    metrics,
    run: context.run,
    node: instance.name,
    seconds: execution.seconds,
    facts: execution.facts,
  });
}

function environmentOf(
  { instance, reachesTensorFlow }: Prepared,
  { environment, facts }: Surroundings,
): { env: Record<string, string>; secrets: string[] } {
  const env: Record<string, string> = {};
  const secrets: string[] = [];
  for (const { name, value, secret } of instance.env) {
    const text = value ?? environment[name] ?? '';
    env[name] = text;
    if (secret && text !== '') secrets.push(text);
  }
  if (reachesTensorFlow) Object.assign(env, tensorFlowEnvironment(instance.resources.cpu, facts.tensorflow?.['device'] === 'gpu'));
  return { env: { PATH: environment['PATH'] ?? '', ...env }, secrets };
}

/** Threads and device are what the fingerprint says, whatever the machine has. */
function tensorFlowEnvironment(cpu: number, gpu: boolean): Record<string, string> {
  return {
    // Measured on a small student with two threads: two operations at once beat one on two threads, 29 against 44 ms a step.
    TF_NUM_INTEROP_THREADS: String(Math.min(2, cpu)),
    TF_NUM_INTRAOP_THREADS: String(Math.ceil(cpu / 2)),
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    STILLROOM_DEVICE: gpu ? 'gpu' : 'cpu',
    ...(gpu ? {} : { CUDA_VISIBLE_DEVICES: '' }),
  };
}
