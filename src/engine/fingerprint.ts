import { fingerprintOf } from '../model/fingerprint.ts';
import { networkOf } from '../model/declaration.ts';
import type { JsonObject } from '../model/json.ts';
import { budgetsOf, type Instance, type NodeWork } from '../model/pipeline.ts';
import type { Engine } from '../model/engine.ts';
import type { Executor, Executors } from '../model/executor.ts';
import type { Making } from '../model/making.ts';
import type { Store } from '../model/store.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import { pointerStep } from '../text/json-pointer.ts';
import type { Ingredients } from '../model/result.ts';
import { RECORD_FORMAT } from '../model/run.ts';
import { type Bundler, esbuildBundler } from '../code/bundler.ts';
import { Glance } from '../code/readings.ts';
import { type Code, stageCode } from '../code/stage-code.ts';
import type { FoundCode } from '../code/python/command-code.ts';
import type { Provision } from '../code/python/uv.ts';
import { environmentOnce, type FoundEnvironment, type KnownEnvironments, toolPlaces } from './environments.ts';
import { toolDigests } from './tools.ts';
import { usedEngines } from './used-engines.ts';

/** How a child runs a stage. Raise it by hand when that changes in a way that can change results. */
const STAGE_API = 1;

/** The part of an instance's ingredients that is known before its inputs are. */
export interface Prepared {
  readonly instance: Instance;
  /** Where it is executed, if it is. */
  readonly executor: Executor;
  readonly code: Code | undefined;
  /** That of a command, where it declares one. */
  readonly environment?: FoundEnvironment;
  /** The files that a command runs, where it names any. */
  readonly commandCode?: FoundCode;
  readonly own: Omit<Ingredients, 'inputs'>;
}

/** The ingredients that instances have in common which share their work, outputs, environment and executor. */
interface Shared {
  readonly of: Pick<Instance, 'inputs' | 'outputs' | 'env' | 'executor'>;
  readonly executor: Executor;
  readonly code: Code | undefined;
  readonly environment?: FoundEnvironment;
  readonly commandCode?: FoundCode;
  readonly own: Pick<Prepared['own'], 'work' | 'outputs' | 'env'>;
}

/** What preparing finds out once a plan, for all instances: a later plan looks anew, since tools and code may have changed in between. */
export class Found {
  /** What the tools of commands were found to be. */
  readonly tools: Map<string, string> = new Map();
  /** The code of stages, by what is asked of the bundler. */
  readonly codes: Map<string, Promise<Outcome<Code>>> = new Map();
  /** What the environments of commands hold, by what is asked for. */
  readonly environments: KnownEnvironments = new Map();
  readonly shared: WeakMap<NodeWork, Shared> = new WeakMap();
  /** What was gathered of instances: plans of a sweep share most of theirs. */
  readonly prepared: WeakMap<Instance, Outcome<Prepared>> = new WeakMap();
  readonly glance: Glance = new Glance();
}

/** What preparing needs to know beside the instance. */
export interface Surroundings {
  readonly root: string;
  readonly store: Store;
  /** All that stages may reach. */
  readonly engines: readonly Engine[];
  readonly executors: Executors;
  /** The environment of the run. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What was found out for this plan. */
  readonly found?: Found;
  readonly bundler?: Bundler;
  /** What locks and builds the environments of commands. */
  readonly provision?: Provision;
  /** Aborted: what is looked up is wanted no more. */
  readonly stop?: AbortSignal;
  /** Gives the code of a stage in place of bundling its sources. */
  readonly codeOf?: (instance: Instance) => Outcome<Code>;
}

type Around = Surroundings & { readonly found: Found };

/** Gathers all of an instance's ingredients but its inputs. */
export async function prepare(instance: Instance, surroundings: Surroundings): Promise<Outcome<Prepared>> {
  const known = prepareAsBefore(instance, surroundings);
  if (known !== undefined) return known;
  const shared = await shareOf(instance, { ...surroundings, found: surroundings.found ?? new Found() });
  return shared.ok ? prepareWith(instance, shared.value, surroundings) : shared;
}

/** The same at once, where all that takes time was found out for another instance of the plan; undefined: it was not. */
export function prepareAsBefore(instance: Instance, surroundings: Surroundings): Outcome<Prepared> | undefined {
  const { found } = surroundings;
  const before = found?.prepared.get(instance);
  if (before !== undefined) return before;
  const shared = found?.shared.get(instance.work);
  return shared !== undefined && isAlike(instance, shared.of) ? prepareWith(instance, shared, surroundings) : undefined;
}

/** Whether instances with the same work share all that is found out for it. */
function isAlike({ inputs, outputs, env, executor }: Instance, of: Shared['of']): boolean {
  if (outputs !== of.outputs || env !== of.env || executor !== of.executor || inputs.length !== of.inputs.length) return false;
  return inputs.every(({ port, at }, index) => port === of.inputs[index]?.port && at === of.inputs[index]?.at);
}

function prepareWith(
  instance: Instance,
  { executor, code, environment, commandCode, own: shared }: Shared,
  around: Surroundings,
): Outcome<Prepared> {
  const { facts } = executor;
  const reached = code === undefined ? [] : around.engines.filter((engine) => engine.package in code.packages);
  const engines = usedEngines(instance, reached, executor);
  if (!engines.ok) return engines;
  const missing = instance.env.find(({ name, value }) => value === undefined && around.environment[name] === undefined);
  if (missing !== undefined) {
    return failed({
      kind: 'pipeline',
      code: 'missing-variable',
      message: `${instance.name} declares the environment variable ${missing.name}, which is not set`,
      pointer: `/stages${pointerStep(instance.node)}/env`,
      hint: `set it before the command: export ${missing.name}=VALUE${missing.secret ? '' : `; or give it a value here: env: { ${missing.name}: VALUE }`}`,
    });
  }
  // In the order in which they are hashed, which spares sorting them.
  const own: Prepared['own'] = {
    cpu: instance.resources.cpu,
    engines: engines.value,
    env: shared.env,
    format: RECORD_FORMAT,
    machine: instance.measures ? facts.machine : null,
    outputs: shared.outputs,
    params: instance.params,
    platform: instance.work.kind === 'stage' ? facts.platform : null,
    stageApi: STAGE_API,
    work: withNumbers(shared.work, instance),
  };
  const found: Making<Prepared> = { instance, executor, code, own };
  if (environment !== undefined) found.environment = environment;
  if (commandCode !== undefined) found.commandCode = commandCode;
  const prepared = done(found);
  around.found?.prepared.set(instance, prepared);
  return prepared;
}

/** A number that is given as it is written is not the same as that text: a program may be told which it is. */
function withNumbers(work: Ingredients['work'], { numbers = [] }: Instance): Ingredients['work'] {
  return work.kind === 'command' && numbers.length > 0 ? { ...work, numbers } : work;
}

/** Where a command's inputs stand that do not stand at the names of their ports. */
function placesOf({ inputs }: Instance): Readonly<Record<string, string>> {
  return Object.fromEntries(inputs.flatMap((input) => (input.at === undefined ? [] : [[input.port, input.at]])));
}

async function shareOf(instance: Instance, around: Around): Promise<Outcome<Shared>> {
  const { work, outputs, env } = instance;
  const executor = await around.executors.get(instance.executor);
  if (!executor.ok) return executor;
  const prepared = await prepareWork(instance, around);
  if (!prepared.ok) return prepared;
  const elsewhere = builtElsewhere(instance, executor.value, prepared.value.environment);
  if (elsewhere !== undefined) return elsewhere;
  const shared: Shared = {
    of: instance,
    executor: executor.value,
    code: prepared.value.code,
    ...(prepared.value.environment === undefined ? {} : { environment: prepared.value.environment }),
    ...(prepared.value.commandCode === undefined ? {} : { commandCode: prepared.value.commandCode }),
    own: {
      work: prepared.value.ingredient,
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([port, { kind, suffix }]) => [
          port,
          work.kind === 'command' ? `${kind} ${work.paths[port]}` : kind + suffix,
        ]),
      ),
      env: Object.fromEntries(
        env.filter(({ secret }) => !secret).map(({ name, value }) => [name, value ?? around.environment[name] ?? null]),
      ),
    },
  };
  around.found.shared.set(work, shared);
  return done(shared);
}

/** An environment is built here, of files for this kind of machine: why an executor of another kind cannot use it. */
function builtElsewhere(
  { name, node }: Instance,
  { name: executor, facts }: Executor,
  found?: FoundEnvironment,
): Outcome<never> | undefined {
  const here = `${process.platform}-${process.arch}`;
  if (found?.built === undefined || facts.platform.startsWith(`${here}-`)) return undefined;
  return failed({
    kind: 'pipeline',
    code: 'bad-environment',
    message: `${name} has an environment that is built here, on ${here}, and the executor "${executor}" is of another kind: ${facts.platform}`,
    pointer: `/stages${pointerStep(node)}/environment`,
    hint: 'let it run where machines are of this kind; or name a virtual environment that is there: environment: { venv: FOLDER }',
  });
}

/** What commands without tools share: looking for where tools lie asks for a variable of the environment, which takes long. */
const NO_TOOLS = done<Readonly<Record<string, string>>>({});

/** What an instance's work is found to be. */
interface PreparedWork extends Pick<Shared, 'code' | 'environment' | 'commandCode'> {
  readonly ingredient: Ingredients['work'];
}

async function prepareWork(instance: Instance, around: Around): Promise<Outcome<PreparedWork>> {
  const { work } = instance;
  if (work.kind === 'stage') {
    const code = await (around.codeOf === undefined ? codeOfStage(work, around) : around.codeOf(instance));
    if (!code.ok) return code;
    const { digest, packages } = code.value;
    return done({ code: code.value, ingredient: { kind: 'stage', code: digest, packages, ...networkOf(work.declaration) } });
  }
  const environment =
    work.environment === undefined ? undefined : await environmentOnce(work.environment, around, around.found.environments);
  if (environment?.ok === false)
    return failed(...environment.problems.map((problem) => ({ pointer: `/stages${pointerStep(instance.node)}/environment`, ...problem })));
  const tools = work.tools.length === 0 ? NO_TOOLS : toolDigests(work.tools, toolPlaces(around, environment?.value), around.found.tools);
  if (!tools.ok)
    return failed(
      ...tools.problems.map(({ pointer = '', ...problem }) => ({
        ...problem,
        pointer: `/stages${pointerStep(instance.node)}/tools${pointer}`,
      })),
    );
  const code =
    work.code === undefined
      ? undefined
      : await (await import('./command-code.ts')).preparedCode({ ...instance, work }, work.code, environment?.value, around);
  if (code?.ok === false) return code;
  return done({
    code: undefined,
    ingredient: {
      kind: 'command',
      run: work.run,
      tools: tools.value,
      at: placesOf(instance),
      metrics: work.metrics ?? null,
      ...(environment === undefined ? {} : { environment: environment.value.ingredient }),
      ...(code === undefined ? {} : { code: code.value.digest }),
    },
    ...(environment === undefined ? {} : { environment: environment.value }),
    ...(code === undefined ? {} : { commandCode: code.value }),
  });
}

function codeOfStage(
  { folder, modules, declaration }: NodeWork & { readonly kind: 'stage' },
  { root, store, bundler = esbuildBundler, found: { codes, glance } }: Around,
): Promise<Outcome<Code>> {
  const request = { folder, entry: declaration.run, modules, root };
  const asked = JSON.stringify(request);
  const code = codes.get(asked) ?? stageCode(request, store, { bundler, glance });
  codes.set(asked, code);
  return code;
}

/** All ingredients, once the inputs' contents are known. */
export function ingredientsOf(prepared: Prepared, inputs: Ingredients['inputs']): Ingredients {
  return { ...prepared.own, inputs };
}

/** What checkpoints are kept under: the fingerprint without the params that only say how far to go. */
function checkpointKeyOf(ingredients: Ingredients, instance: Instance, fingerprint: string): string {
  const budgets = budgetsOf(instance);
  if (budgets.length === 0) return fingerprint;
  const lasting: JsonObject = Object.fromEntries(Object.entries(ingredients.params).filter(([name]) => !budgets.includes(name)));
  return fingerprintOf({ ...ingredients, params: lasting });
}

/** What a node whose inputs are known asks for. */
export interface ReadyWork {
  readonly ingredients: Ingredients;
  readonly fingerprint: string;
  /** What its lock and its checkpoints are kept under. */
  readonly work: string;
}

/** What a node asks for, once the contents of all its inputs are known. */
export function readyWork(prepared: Prepared, inputs: Ingredients['inputs']): ReadyWork {
  const ingredients = ingredientsOf(prepared, inputs);
  const fingerprint = fingerprintOf(ingredients);
  return { ingredients, fingerprint, work: checkpointKeyOf(ingredients, prepared.instance, fingerprint) };
}

/** Whether this instance's work ends where a budget says: a larger one may go on from there. A budget of 0 is none. */
export function endsByBudget(instance: Instance): boolean {
  return budgetsOf(instance).some((name) => Number(instance.params[name] ?? 0) !== 0);
}
