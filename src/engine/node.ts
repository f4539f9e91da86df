import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../model/canonical.ts';
import type { Emit } from '../model/event.ts';
import type { Hold, Stop } from '../model/executor.ts';
import { JOB_FORMAT, type JobSpecification } from '../model/job.ts';
import type { Claim, Lock, Workplace } from '../model/store.ts';
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
  readonly emit: Emit;
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

/** Executes a node whose inputs are known, unless an equal result exists by the time its work is claimed. */
export async function executeNode(
  prepared: Prepared,
  ingredients: Ingredients,
  known: Known,
  force: boolean,
  context: NodeRun,
): Promise<NodeEnd> {
  const { instance, executor } = prepared;
  const { emit, stop } = context;
  const { store } = context.surroundings;
  const fingerprint = fingerprintOf(ingredients);
  const work = checkpointKeyOf(ingredients, instance);
  const tell = (message: string) => (): void => emit({ type: 'notice', level: 'note', node: instance.name, message });
  const claim = await store.workplaces.claim(work, stop.asked, tell('waits for another run that executes the same work'));
  if (claim === undefined) return { state: 'cancelled' };
  try {
    const existing = store.results.read(fingerprint);
    if (!force && existing !== undefined && store.artifacts.broken(existing.attempts[0].outputs).length === 0) {
      return { state: 'reused', settled: { instance, fingerprint, attempt: existing.attempts[0] } };
    }
    const recovered = await recoverRemains(claim, context);
    if (!recovered.ok) return { state: 'failed', problem: recovered.problems[0] as Problem, fingerprint };
    const lock = await claim.lock(stop.asked);
    if (lock === undefined) return { state: 'cancelled' };
    try {
      const usesDevice = Object.values(prepared.own.engines).some(({ device }) => device !== 'cpu');
      const need = { alone: instance.measures, gpu: Math.max(instance.resources.gpu, usesDevice ? 1 : 0) };
      const hold = await executor.hold(
        need,
        stop.asked,
        instance.measures ? tell('waits until it is alone on the machine') : () => undefined,
      );
      if (hold === undefined) return { state: 'cancelled' };
      try {
        context.onStart();
        const attempt = await tryUntilDone(prepared, known, work, { lock, hold }, context);
        if (attempt === 'stopped') return { state: 'cancelled' };
        if (!attempt.ok) return { state: 'failed', problem: attempt.problems[0] as Problem, fingerprint };
        keep(prepared, ingredients, attempt.value, context);
        if (!hasBudget(instance)) store.workplaces.checkpoints(work).remove();
        return { state: 'executed', settled: { instance, fingerprint, attempt: attempt.value } };
      } finally {
        hold.release();
      }
    } finally {
      lock.release();
    }
  } finally {
    claim.release();
  }
}

/** Ends what coordinators left that are gone, each attempt by the executor that it was given to. */
async function recoverRemains({ remains }: Claim, { surroundings, emit, stop }: NodeRun): Promise<Outcome<undefined>> {
  for (const place of remains) {
    const left = leftIn(place);
    if (left !== undefined) {
      const executor = await surroundings.executors.get(left.executor);
      if (!executor.ok) return executor;
      await executor.value.recover(left, emit, { asked: AbortSignal.abort(), forced: stop.forced });
    }
    place.remove();
  }
  return done(undefined);
}

function keep(prepared: Prepared, ingredients: Ingredients, attempt: Attempt, { surroundings: { store }, emit }: NodeRun): void {
  const { instance } = prepared;
  const fingerprint = fingerprintOf(ingredients);
  const before = store.results.read(fingerprint)?.attempts[0].outputs;
  store.results.keep(
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

/** What is held while a node's attempts are executed. */
interface Held {
  readonly lock: Lock;
  readonly hold: Hold;
}

/** What an attempt's folder says it was to do; undefined: nothing was ever started in it. */
function leftIn({ folder }: Workplace): JobSpecification | undefined {
  const file = join(folder, 'job.json');
  try {
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as JobSpecification) : undefined;
  } catch {
    return undefined;
  }
}

async function tryUntilDone(
  prepared: Prepared,
  known: Known,
  work: string,
  held: Held,
  context: NodeRun,
): Promise<Outcome<Attempt> | 'stopped'> {
  for (let left = prepared.instance.retries; ; left -= 1) {
    const place = context.surroundings.store.workplaces.make(work);
    try {
      const attempt = await tryOnce(prepared, known, work, held, place, context);
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
  { lock, hold }: Held,
  place: Workplace,
  context: NodeRun,
): Promise<Outcome<Attempt> | 'stopped'> {
  const { instance, executor } = prepared;
  const { store } = context.surroundings;
  const space = prepareWorkspace(prepared, known, context.keptSources, place, { store, sources: context.sources });
  if (!space.ok) return space;
  const { changed, ...prepares } = space.value;
  const { env, secrets } = environmentOf(prepared, context.surroundings);
  const specification: JobSpecification = {
    format: JOB_FORMAT,
    attempt: place.id,
    executor: executor.name,
    run: context.run,
    node: instance.name,
    folder: place.folder,
    ...prepares,
    params: instance.params,
    checkpoints: store.workplaces.checkpoints(work).folder,
    env,
    secrets: Object.keys(secrets),
    resources: instance.resources,
    devices: hold.devices,
    ...(instance.timeout === undefined ? {} : { timeout: instance.timeout }),
    log: store.runs.log(context.run, instance.name).path,
  };
  writeFileSync(join(place.folder, 'job.json'), JSON.stringify(specification));
  const exit = await executor.execute({ specification, secrets, lock, hold }, context.emit, context.stop);
  if (exit.ended === 'stopped') return 'stopped';
  if (exit.ended === 'failed') return failed(exit.problem);
  const unchanged = changed();
  const outputs = unchanged.ok ? collectOutputs(instance, specification.outputs, place, store) : unchanged;
  if (!outputs.ok) return failed(...outputs.problems.map((problem) => withLog(problem, exit.last, specification.log)));
  const metrics: Record<string, MetricValue> = {};
  for (const [name, value] of Object.entries(exit.metrics)) metrics[name] = { value, measured: instance.metrics[name]?.measured === true };
  return done({ outputs: outputs.value, metrics, run: context.run, node: instance.name, seconds: exit.seconds, facts: exit.facts });
}

/** What a node's process is given: of the engines just what its fingerprint holds. */
function environmentOf(
  { instance, own }: Prepared,
  { environment }: Surroundings,
): { env: Record<string, string>; secrets: Record<string, string> } {
  const env: Record<string, string> = { PATH: environment['PATH'] ?? '' };
  const secrets: Record<string, string> = {};
  for (const { name, value, secret } of instance.env) (secret ? secrets : env)[name] = value ?? environment[name] ?? '';
  for (const engine of Object.values(own.engines)) Object.assign(env, engine.environment);
  return { env, secrets };
}
