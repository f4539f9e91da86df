import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isObject } from '../files/json.ts';
import { ifPossible } from '../files/durable.ts';
import { readSealed, sealedJson } from '../files/sealed.ts';
import type { Emit, Expected } from '../model/event.ts';
import type { Hold, Job, JobEvent, Stop } from '../model/executor.ts';
import { type ExitRecord, JOB_FILE, JOB_FORMAT, type JobSpecification } from '../model/job.ts';
import type { Lock, Workplace } from '../model/workplace.ts';
import type { Source } from '../model/pipeline.ts';
import { done, failed, type Outcome, type Problem, withLog } from '../model/problem.ts';
import type { Who } from '../model/waiting.ts';
import type { Attempt, MetricValue } from '../model/result.ts';
import { Blotter, SHORTEST_SECRET } from '../text/blotter.ts';
import { ownMember } from '../model/own-member.ts';
import type { Prepared, Surroundings } from './fingerprint.ts';
import { handedOver } from './handed-over.ts';
import { environmentVariables } from './environments.ts';
import { withOthers } from './disturbed.ts';
import { noteMoves, putBack } from './moved-outputs.ts';
import { collectOutputs } from './outputs.ts';
import type { ReadyNode } from './scheduling.ts';
import { findChange, type Given, prepareWorkspace, type Unfed } from './workspace.ts';

/** What executing attempts needs to know of the run. */
export interface AttemptRun {
  readonly run: string;
  readonly pipeline: string;
  /** The pipeline file, absolute; empty for work done again from a record. */
  readonly file: string;
  /** Who measures does not wait for the work of others. */
  readonly noWait: boolean;
  /** Those of finished work stay until the run itself goes. */
  readonly keepCheckpoints: boolean;
  /** What nodes took before, by name. */
  readonly expected?: ReadonlyMap<string, Expected> | undefined;
  readonly surroundings: Surroundings;
  readonly sources: Readonly<Record<string, Source>>;
  readonly keptSources: ReadonlySet<string>;
  readonly emit: Emit;
  readonly stop: Stop;
  /** Takes what is to be done when the result of a node is kept, or will never be. */
  readonly afterKeeping?: (work: () => void) => void;
  /** Told that an attempt came to its end and nothing of it lives any more; what it made is taken when this has ended. */
  readonly onEnded?: (() => Promise<void>) | undefined;
}

/** What is held while a node's attempts are executed. */
export interface Held {
  readonly lock: Lock;
  readonly hold: Hold;
}

/** What came of an attempt; `Unfed`: it could not be given, or did not read, what it asked for. */
export type AttemptEnd = Outcome<Attempt> | 'stopped' | Unfed;

/** What an attempt's file holds: its specification, and what the next coordinator must know to take it over. */
interface AttemptFile extends JobSpecification {
  readonly fingerprint: string;
  readonly given: readonly Given[];
  /** Of one that measures beside others: who they were. */
  readonly disturbed?: readonly Who[];
}

/** Prepares an attempt, has it executed and collects what it made. */
export async function tryOnce(ready: ReadyNode, { lock, hold }: Held, run: AttemptRun): Promise<AttemptEnd> {
  const { prepared } = ready.plan;
  const { instance, executor } = prepared;
  const { store } = run.surroundings;
  const place = store.workplaces.make(ready.work);
  const isFoundAgain = executor.isAttached !== true;
  let isPlain = false;
  let end: AttemptEnd | undefined;
  try {
    const space = prepareWorkspace(prepared, place, {
      known: ready.known,
      keptSources: run.keptSources,
      store,
      sources: run.sources,
      root: run.surroundings.root,
    });
    if ('unfed' in space || !space.ok) return space;
    const { given, ...prepares } = space.value;
    const { env, secrets } = environmentOf(prepared, run.surroundings);
    warnOfShort(secrets, instance.name, run.emit);
    const specification: JobSpecification = {
      format: JOB_FORMAT,
      attempt: place.id,
      executor: executor.name,
      run: run.run,
      node: instance.name,
      folder: place.folder,
      ...prepares,
      inputs: handedOver(prepares.inputs, store.format),
      outputs: handedOver(prepares.outputs, store.format),
      params: handedOver(instance.params, store.format),
      checkpoints: store.workplaces.checkpoints(ready.work).folder,
      env,
      secrets: Object.keys(secrets),
      resources: instance.resources,
      devices: hold.devices,
      ...(instance.timeout === undefined ? {} : { timeout: instance.timeout }),
      ...(run.file === '' ? {} : { origin: { folder: dirname(run.file), project: run.surroundings.root } }),
      log: store.runs.log(run.run, instance.name).path,
    };
    const others = hold.beside === undefined ? {} : { disturbed: hold.beside() };
    // Whoever watches an attempt through its folder reads it, and so does the process of a stage. What a kill leaves half written of it counts
    // as missing, and so nothing was started.
    const isWritten = isFoundAgain || specification.program.kind === 'stage';
    const file: AttemptFile = { ...specification, fingerprint: ready.fingerprint, given, ...others };
    if (isWritten) ifPossible(() => writeFileSync(join(place.folder, JOB_FILE), sealedJson(file)));
    const expected = run.expected?.get(instance.name)?.seconds;
    const job: Job = { specification, secrets, lock: lock.isInherited ? lock : undefined, hold, expected };
    const exit = await executor.execute(job, run.emit, run.stop);
    isPlain = exit.ended === 'done' && exit.isPlain === true;
    if (exit.ended === 'done') await run.onEnded?.();
    end = collect(exit, { prepared, specification, given, place, isFoundAgain }, run);
    return end;
  } finally {
    const remove = (): void => removeLeft(isPlain ? { remove: () => place.giveOn() } : place, instance.name, run.emit);
    leave(remove, isFoundAgain ? end : undefined, run);
  }
}

/** Removes an attempt's folder; one that came out, which the next coordinator would take over if this one were killed now, when its result is kept. */
function leave(remove: () => void, end: AttemptEnd | undefined, { afterKeeping }: AttemptRun): void {
  const hasCome = end !== undefined && end !== 'stopped' && !('unfed' in end) && end.ok;
  if (hasCome && afterKeeping !== undefined) afterKeeping(remove);
  else remove();
}

/** Removes what is no longer needed. What refuses is named and does no harm where it lies; gc tries again. */
export function removeLeft(place: { remove(): readonly string[] }, node: string, emit: Emit): void {
  const left = place.remove();
  if (left.length === 0) return;
  const told = `${left.slice(0, 3).join(', ')}${left.length > 3 ? ` and ${left.length - 3} others` : ''}`;
  emit({ type: 'notice', level: 'warning', node, message: `what it left could not be removed: ${told}; stillroom gc tries again` });
}

/** An attempt that has ended, with what was known when it began. */
interface Ended {
  readonly prepared: Prepared;
  readonly specification: JobSpecification;
  readonly given: readonly Given[];
  readonly place: Workplace;
  /** Were this process killed now, the next one would take it over. */
  readonly isFoundAgain: boolean;
}

/** Takes the outputs of an attempt into the store, if it came to its end and wrote into none of its inputs. */
function collect(
  exit: ExitRecord,
  { prepared, specification, given, place, isFoundAgain }: Ended,
  { run, surroundings }: AttemptRun,
): AttemptEnd {
  const { instance } = prepared;
  if (exit.ended === 'stopped') return 'stopped';
  if (exit.ended === 'failed') return failed(exit.problem);
  const unchanged = findChange(given, instance.name, surroundings.store);
  if ('unfed' in unchanged) return unchanged;
  // Taking outputs moves them away, and this process may be killed meanwhile: then the next one puts them back.
  const noted = isFoundAgain ? (port: string) => noteMoves(place.folder, port) : undefined;
  const outputs = unchanged.ok
    ? collectOutputs(instance, specification.outputs, place, { store: surroundings.store, noteMoves: noted })
    : unchanged;
  if (!outputs.ok) {
    // The names of files that it made are words of the program too.
    const blotter = new Blotter(Object.values(environmentOf(prepared, surroundings).secrets));
    const tell = (problem: Problem): Problem =>
      specification.run === run || specification.secrets.length === 0
        ? blotter.cleanMembers(problem, 'message', 'hint')
        : withheld(problem, specification);
    return failed(...outputs.problems.map((problem) => withLog(tell(problem), exit.last, specification.log)));
  }
  const metrics = Object.fromEntries(
    Object.entries(exit.metrics).map(([name, value]): [string, MetricValue] => [
      name,
      { value, measured: ownMember(instance.metrics, name)?.measured === true },
    ]),
  );
  return done({
    outputs: outputs.value,
    metrics,
    run,
    node: instance.name,
    seconds: exit.seconds,
    facts: { ...exit.cost, ...exit.facts, executor: specification.executor },
  });
}

/** What is wrong with the outputs of an attempt that another run began with secrets of its own, which nobody knows any more: no name of a file is told. */
function withheld({ kind, code }: Problem, { node, run }: JobSpecification): Problem {
  const message = `${node}: what the run ${run} had it make cannot be taken; files are not named, since their names may hold secrets of that run`;
  return { kind, code, message, hint: 'run it again: it starts anew, and what is wrong is told' };
}

/**
 * Deals with the attempts that coordinators left which are gone, each by the executor that it was given to: one of just this work is taken
 * over, if it lives or came to its end, and all others are ended. Undefined: there was none to take over.
 */
export async function takeOver(ready: ReadyNode, remains: readonly Workplace[], run: AttemptRun): Promise<AttemptEnd | undefined> {
  let taken: AttemptEnd | undefined;
  for (const place of remains) {
    let end: AttemptEnd | undefined;
    // Undefined: nothing was started yet, or what was ended with its coordinator.
    const specification = readSealed(join(place.folder, JOB_FILE), isAttemptFile);
    const isWanted = taken === undefined && !ready.isForced && specification?.fingerprint === ready.fingerprint;
    if (specification === undefined) await ready.plan.prepared.executor.endLeft?.(place.id);
    else {
      const executor = await run.surroundings.executors.get(specification.executor);
      if (!executor.ok) return failed(leftBehind(specification));
      const told = isWanted ? tellOf(ready, specification, run.emit) : () => undefined;
      const stop = isWanted ? run.stop : { asked: AbortSignal.abort(), forced: run.stop.forced };
      const exit = await executor.value.recover(specification, told, stop);
      const isWhole = exit?.ended !== 'done' || putBack(place.folder, Object.keys(specification.outputs), run.surroundings.store);
      if (isWanted && exit !== undefined && isWhole) {
        told();
        keepLog(specification.log, run.surroundings.store.runs.log(run.run, ready.plan.prepared.instance.name).path);
        end = collect(exit, { prepared: ready.plan.prepared, specification, given: specification.given, place, isFoundAgain: true }, run);
        taken = specification.disturbed === undefined ? end : withOthers(end, specification.disturbed);
      }
    }
    leave(() => removeLeft(place, ready.plan.prepared.instance.name, run.emit), end, run);
  }
  return taken;
}

/** No one can tell any more whether an attempt lives, nor end it. */
function leftBehind({ node, run, executor, folder }: JobSpecification): Problem {
  return {
    kind: 'usage',
    code: 'unknown-executor',
    message: `${node}: the run ${run} gave it to the executor "${executor}", which cannot be asked any more what became of it`,
    hint: `declare it again in stillroom.yaml; or, if nothing of it runs, remove ${folder}`,
  };
}

/** Tells what a recovered attempt tells as this run's own, and before the first of it that the node has started. */
function tellOf({ plan, onStart }: ReadyNode, { run }: JobSpecification, emit: Emit): (event?: JobEvent) => void {
  const node = plan.prepared.instance.name;
  let isStarted = false;
  return (event) => {
    if (!isStarted) {
      onStart();
      emit({ type: 'notice', level: 'note', node, message: `goes on with what the run ${run} had started` });
    }
    isStarted = true;
    if (event !== undefined) emit({ ...event, node });
  };
}

function isAttemptFile(value: unknown): value is AttemptFile {
  return isObject(value) && value['format'] === JOB_FORMAT && typeof value['executor'] === 'string';
}

/** A run has the logs of all that it executed. */
function keepLog(from: string, to: string): void {
  if (from === to || !existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** Warns of secrets that are too short to be told from other text: blotting them out would blot out anything. */
function warnOfShort(secrets: Readonly<Record<string, string>>, node: string, emit: Emit): void {
  for (const [name, secret] of Object.entries(secrets)) {
    if (secret === '' || secret.trim().length >= SHORTEST_SECRET) continue;
    const message = `the secret "${name}" has fewer than ${SHORTEST_SECRET} letters: it is not blotted out of what ${node} prints`;
    emit({ type: 'notice', level: 'warning', node, message });
  }
}

/** What a node's process is given: of the engines just what its fingerprint holds. */
function environmentOf(
  { instance, own, environment: used }: Prepared,
  surroundings: Surroundings,
): { env: Record<string, string>; secrets: Record<string, string> } {
  const { environment, store } = surroundings;
  const env: Record<string, string> = environmentVariables(used, surroundings);
  const secrets: Record<string, string> = {};
  for (const { name, value, secret } of instance.env) (secret ? secrets : env)[name] = value ?? environment[name] ?? '';
  for (const engine of Object.values(own.engines)) Object.assign(env, engine.environment);
  return { env: handedOver(env, store.format), secrets: handedOver(secrets, store.format) };
}
