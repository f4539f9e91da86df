import { isAbsolute, join, relative } from 'node:path';
import { isOutside } from '../files/folder.ts';
import { type Declaration, networkOf } from '../model/declaration.ts';
import { sha256 } from '../model/canonical.ts';
import type { FoundCode } from '../code/python/command-code.ts';
import type { CommandEnvironment, Instance, RecordedCode, Source } from '../model/pipeline.ts';
import type { Recipe, RecordedSource, RunNode } from '../model/run.ts';
import type { FoundEnvironment } from './environments.ts';
import type { Prepared } from './fingerprint.ts';
import type { Plan } from './plan.ts';

type CommandRecipe = Extract<Recipe['work'], { readonly kind: 'command' }>;

/** What a run's record keeps of a node so that it can be done again from the record alone. */
export function recipeOf({ instance, own, environment: found, commandCode: code }: Prepared): Recipe {
  const { work } = instance;
  return {
    node: instance.node,
    key: instance.key,
    work:
      work.kind === 'stage' || own.work.kind === 'stage'
        ? { kind: 'stage', ...(own.work.kind === 'stage' ? { packages: own.work.packages, ...networkOf(own.work) } : { packages: {} }) }
        : {
            kind: 'command',
            run: work.run,
            tools: work.tools,
            toolDigests: own.work.tools,
            paths: work.paths,
            ...(work.metrics === undefined ? {} : { metrics: work.metrics }),
            ...(work.environment === undefined ? {} : { environment: recordedEnvironment(work.environment, found) }),
            ...(own.work.environment === undefined ? {} : { environmentHeld: own.work.environment }),
            ...(work.code === undefined || code === undefined ? {} : { code: { ...work.code, recorded: recordedFiles(code) } }),
          },
    inputs: instance.inputs,
    outputs: instance.outputs,
    metrics: instance.metrics,
    resources: instance.resources,
    env: instance.env.map(({ name, secret }) => {
      const value = own.env[name];
      return { name, secret, ...(typeof value === 'string' ? { value } : {}) };
    }),
    measures: instance.measures,
    ...(instance.timeout === undefined ? {} : { timeout: instance.timeout }),
    retries: instance.retries,
    ...(instance.numbers === undefined ? {} : { numbers: instance.numbers }),
  };
}

function recordedFiles({ digest, files, size }: FoundCode): RecordedCode {
  return { digest, files, size };
}

/** An environment as a record names it: of one that is built, with what it was locked to. */
function recordedEnvironment(environment: CommandEnvironment, found: FoundEnvironment | undefined): CommandEnvironment {
  const built = found?.built;
  return built === undefined || 'venv' in environment ? environment : { ...environment, lock: sha256(built.lock), asked: built.asked };
}

/** An environment of a record as it is to be there again: of the same Python. */
function environmentAgain({ environment, environmentHeld }: CommandRecipe): CommandEnvironment | undefined {
  if (environment === undefined || 'venv' in environment) return environment;
  const version = /\d+\.\d+\.\d+/.exec(environmentHeld?.python ?? '')?.[0];
  return version === undefined ? environment : { ...environment, version };
}

/** Sources as a run's record names them: by content, and where they lay. */
export function recordedSources(plan: Plan, kept: ReadonlySet<string>): Record<string, RecordedSource> {
  const { pipeline, surroundings } = plan.request;
  return Object.fromEntries(
    [...plan.snapshots].map(([name, snapshot]) => {
      const { path = '', links } = pipeline.sources[name] ?? {};
      const inside = relative(pipeline.root, path);
      const isKept = kept.has(name) || surroundings.store.sources.isKept(snapshot.digest);
      return [
        name,
        { ...snapshot, kept: isKept, path: isOutside(pipeline.root, path) ? path : inside, ...(links === undefined ? {} : { links }) },
      ];
    }),
  );
}

/** A recorded source as a pipeline names it, in a project's folder. */
export function sourceOf(name: string, { path = name, links }: RecordedSource, root: string): Source {
  return { name, path: isAbsolute(path) ? path : join(root, path), ...(links === undefined ? { keep: false } : { links }) };
}

/** An instance made again from a run's record. Its code is given by digest, so it has no folder. */
export function instanceOf(name: string, { stage, params }: RunNode, recipe: Recipe): Instance {
  const declaration: Declaration = {
    about: '',
    params: {},
    inputs: {},
    outputs: recipe.outputs,
    metrics: recipe.metrics,
    resources: { cpu: recipe.resources.cpu, gpu: recipe.resources.gpu },
    run: '',
    ...(recipe.measures ? { measures: 'machine' as const } : {}),
    ...(recipe.work.kind === 'stage' ? networkOf(recipe.work) : {}),
  };
  const environment = recipe.work.kind === 'command' ? environmentAgain(recipe.work) : undefined;
  return {
    node: recipe.node,
    key: recipe.key,
    name,
    work:
      recipe.work.kind === 'stage'
        ? { kind: 'stage', stage, folder: '', declaration, modules: {} }
        : {
            kind: 'command',
            run: recipe.work.run,
            tools: recipe.work.tools,
            paths: recipe.work.paths,
            ...(recipe.work.metrics === undefined ? {} : { metrics: recipe.work.metrics }),
            ...(environment === undefined ? {} : { environment }),
            ...(recipe.work.code === undefined ? {} : { code: recipe.work.code }),
          },
    params,
    inputs: recipe.inputs,
    outputs: recipe.outputs,
    metrics: recipe.metrics,
    resources: recipe.resources,
    env: recipe.env,
    measures: recipe.measures,
    ...(recipe.timeout === undefined ? {} : { timeout: recipe.timeout }),
    retries: recipe.retries,
    ...(recipe.numbers === undefined ? {} : { numbers: recipe.numbers }),
  };
}
