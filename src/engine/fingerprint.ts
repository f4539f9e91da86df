import { fingerprintOf, workDigestOf } from '../model/fingerprint.ts';
import { networkOf } from '../model/declaration.ts';
import type { JsonObject } from '../model/json.ts';
import type { Instance } from '../model/pipeline.ts';
import type { Engine, EngineUse } from '../model/engine.ts';
import type { Executor, ExecutorFacts, Executors } from '../model/executor.ts';
import type { Store } from '../model/store.ts';
import { done, failed, type Outcome } from '../model/problem.ts';
import type { Ingredients } from '../model/result.ts';
import { RECORD_FORMAT } from '../model/run.ts';
import { type Bundler, esbuildBundler } from '../code/bundler.ts';
import { type Code, stageCode } from '../code/stage-code.ts';
import { toolDigests } from './tools.ts';

/** How a child runs a stage. Raise it by hand when that changes in a way that can change results. */
const STAGE_API = 1;

/** The part of an instance's ingredients that is known before its inputs are. */
export interface Prepared {
  readonly instance: Instance;
  /** Where it is executed, if it is. */
  readonly executor: Executor;
  readonly code: Code | undefined;
  readonly own: Omit<Ingredients, 'inputs'>;
  /** Digest of `own`: results of the same work on other inputs share it. */
  readonly workDigest: string;
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
  /** What the tools of commands were found to be: each is looked at once a plan. */
  readonly tools?: Map<string, string>;
  readonly bundler?: Bundler;
  /** Gives the code of a stage in place of bundling its sources. */
  readonly codeOf?: (instance: Instance) => Outcome<Code>;
}

/** Gathers all of an instance's ingredients but its inputs. */
export async function prepare(instance: Instance, surroundings: Surroundings): Promise<Outcome<Prepared>> {
  const { executors, environment } = surroundings;
  const executor = await executors.get(instance.executor);
  if (!executor.ok) return executor;
  const { facts } = executor.value;
  const work = await prepareWork(instance, surroundings);
  if (!work.ok) return work;
  const { code } = work.value;
  const reached = code === undefined ? [] : surroundings.engines.filter((engine) => engine.package in code.packages);
  const engines = enginesIn(instance, reached, facts);
  if (!engines.ok) return engines;
  const missing = instance.env.find(({ name, value }) => value === undefined && environment[name] === undefined);
  if (missing !== undefined) {
    return failed({
      kind: 'pipeline',
      code: 'missing-variable',
      message: `${instance.name} declares the environment variable ${missing.name}, which is not set`,
      hint: `set it: ${missing.name}=… stillroom run …`,
    });
  }
  const own: Prepared['own'] = {
    format: RECORD_FORMAT,
    stageApi: STAGE_API,
    work: work.value.ingredient,
    params: instance.params,
    outputs: Object.fromEntries(
      Object.entries(instance.outputs).map(([port, { kind, suffix }]) => [
        port,
        instance.work.kind === 'command' ? `${kind} ${instance.work.paths[port]}` : kind + suffix,
      ]),
    ),
    env: Object.fromEntries(
      instance.env.filter(({ secret }) => !secret).map(({ name, value }) => [name, value ?? environment[name] ?? null]),
    ),
    cpu: instance.resources.cpu,
    platform: instance.work.kind === 'stage' ? facts.platform : null,
    engines: engines.value,
    machine: instance.measures ? facts.machine : null,
  };
  return done({ instance, executor: executor.value, code, own, workDigest: workDigestOf(own) });
}

/** The engines that an instance reaches, as it uses them where it is executed. */
function enginesIn(instance: Instance, reached: readonly Engine[], facts: ExecutorFacts): Outcome<Ingredients['engines']> {
  const engines: Record<string, EngineUse> = {};
  for (const engine of reached) {
    const { name, hint } = engine;
    const found = facts.engines[name];
    if (found === undefined)
      return failed({
        kind: 'stage',
        code: 'engine-missing',
        message: `${instance.name} needs the engine ${name}, which is not set up`,
        hint,
      });
    engines[name] = engine.use(instance.resources.cpu, found);
  }
  return done(engines);
}

async function prepareWork(
  instance: Instance,
  { root, store, environment, tools: known = new Map(), bundler = esbuildBundler, codeOf }: Surroundings,
): Promise<Outcome<{ code: Code | undefined; ingredient: Ingredients['work'] }>> {
  if (instance.work.kind === 'stage') {
    const { folder, modules, declaration } = instance.work;
    const entry = declaration.run;
    const code = codeOf === undefined ? await stageCode({ folder, entry, modules, root }, store, bundler) : codeOf(instance);
    if (!code.ok) return code;
    const { digest, packages } = code.value;
    return done({ code: code.value, ingredient: { kind: 'stage', code: digest, packages, ...networkOf(declaration) } });
  }
  const tools = toolDigests(instance.work.tools, environment['PATH'] ?? '', known);
  if (!tools.ok) return tools;
  const at = Object.fromEntries(instance.inputs.flatMap((input) => (input.at === undefined ? [] : [[input.port, input.at]])));
  return done({
    code: undefined,
    ingredient: { kind: 'command', run: instance.work.run, tools: tools.value, at, metrics: instance.work.metrics ?? null },
  });
}

/** All ingredients, once the inputs' contents are known. */
export function ingredientsOf(prepared: Prepared, inputs: Ingredients['inputs']): Ingredients {
  return { ...prepared.own, inputs };
}

/** What checkpoints are kept under: the fingerprint without the params that only say how far to go. */
function checkpointKeyOf(ingredients: Ingredients, instance: Instance): string {
  if (instance.work.kind === 'command') return fingerprintOf(ingredients);
  const { params } = instance.work.declaration;
  const lasting: JsonObject = Object.fromEntries(Object.entries(ingredients.params).filter(([name]) => params[name]?.budget !== true));
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
  return { ingredients, fingerprint: fingerprintOf(ingredients), work: checkpointKeyOf(ingredients, prepared.instance) };
}

/** Whether a longer budget may go on from this instance's checkpoints. */
export function hasBudget(instance: Instance): boolean {
  return instance.work.kind === 'stage' && Object.values(instance.work.declaration.params).some(({ budget }) => budget === true);
}
