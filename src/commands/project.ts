import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Surroundings } from '../engine/fingerprint.ts';
import { makePlan, type Plan } from '../engine/plan.ts';
import { ProcessExecutor } from '../executors/process/executor.ts';
import { editorSchema } from '../load/editor.ts';
import { loadPipeline } from '../load/pipeline/pipeline.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Capacity, Executor, Executors } from '../model/executor.ts';
import { installation } from '../model/installation.ts';
import type { JsonObject } from '../model/json.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { instancesNamed } from '../load/pipeline/selection.ts';
import { done, failed, type Outcome, type Problem } from '../model/problem.ts';
import { readEngineFacts } from '../setup/facts.mjs';
import type { Store } from '../model/store.ts';
import { openLocalStore } from '../stores/local/store.ts';

/** Options that all commands share. */
export interface CommonOptions {
  readonly store?: string;
  readonly json?: boolean;
}

/** Options of the commands that plan. */
export interface PlanOptions extends CommonOptions {
  readonly set?: readonly string[];
  readonly force?: readonly string[];
  readonly only?: readonly string[];
  readonly jobs?: string;
}

/** The project of a folder: the nearest one upward that has a store, a package.json or a repository. */
export function projectRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (['artifacts', 'package.json', '.git'].some((name) => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return from;
  }
}

/** Opens the store that the options name, or that of the project. */
export function openStore(root: string, options: CommonOptions): Outcome<Store> {
  return openLocalStore(options.store === undefined ? join(root, 'artifacts') : resolve(options.store));
}

/** A pipeline with all that planning needs. */
export interface Opened {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly surroundings: Surroundings;
  readonly shownFile: string;
}

/** What stages that reach TensorFlow depend on; undefined where the engine is not set up. */
function tensorFlowFacts(): JsonObject | undefined {
  const facts = readEngineFacts();
  return facts === undefined ? undefined : { version: facts.libtensorflow, device: facts.device, precision: 'float32', onednn: true };
}

/** Where a project's nodes can be executed. */
export function projectExecutors(): Executors {
  let local: Executor | undefined;
  return {
    async get() {
      const tensorflow = tensorFlowFacts();
      local ??= new ProcessExecutor('local', tensorflow === undefined ? {} : { tensorflow }, process.env);
      return done(local);
    },
  };
}

/** Reads a pipeline file and opens its store. */
export async function openPipeline(file: string, options: PlanOptions): Promise<Outcome<Opened>> {
  const absolute = pipelineFile(file);
  const root = projectRoot(dirname(absolute));
  if (!existsSync(absolute)) {
    return failed({ kind: 'usage', code: 'no-such-file', message: `${file} does not exist`, hint: nearbyPipelines(root) });
  }
  const store = openStore(root, options);
  if (!store.ok) return store;
  const pipeline = await loadPipeline({
    file: absolute,
    shownFile: existsSync(file) ? file : relative(process.cwd(), absolute),
    root,
    cache: store.value.cache,
    set: options.set ?? [],
  });
  if (!pipeline.ok) return pipeline;
  await writeEditorSchema(root, store.value);
  return done({
    pipeline: pipeline.value,
    store: store.value,
    shownFile: relative(root, absolute),
    surroundings: { root, store: store.value, executors: projectExecutors(), environment: process.env },
  });
}

/** The file that a word names: a path, or the name of a file in the project's `pipelines`. */
export function pipelineFile(word: string): string {
  const named = join(projectRoot(process.cwd()), 'pipelines', `${word}.yaml`);
  return !existsSync(word) && /^[\w-]+$/.test(word) && existsSync(named) ? named : resolve(word);
}

function nearbyPipelines(root: string): string {
  const folder = join(root, 'pipelines');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : [];
  return files.length === 0
    ? 'write one with: stillroom init'
    : `there are: ${files.map((name) => relative(process.cwd(), join(folder, name))).join(', ')}`;
}

/** Writes the file's schema where the first line of our pipelines points an editor to, if a stage is newer. */
async function writeEditorSchema(root: string, store: Store): Promise<void> {
  const folders = [...new Set([join(root, 'stages'), join(installation, 'stages')])].filter((folder) => existsSync(folder));
  const declarations = folders.flatMap((folder) => [
    folder,
    ...readdirSync(folder)
      .map((name) => join(folder, name, 'stage.ts'))
      .filter((path) => existsSync(path)),
  ]);
  const written = store.published.schemaTime();
  if (declarations.every((path) => lstatSync(path).mtimeMs < written)) return;
  store.published.writeSchema(`${JSON.stringify(await editorSchema(root, store.cache), null, 1)}\n`);
}

/** The instances that words name; a word that names none is a problem. */
function instancesOf(pipeline: Pipeline, words: readonly string[], option: string): Outcome<ReadonlySet<string>> {
  const problems: Problem[] = [];
  const found = words.flatMap((word) => {
    const names = instancesNamed(pipeline.instances, word);
    if (names.length === 0)
      problems.push({
        kind: 'usage',
        code: 'unknown-node',
        message: `${option} ${word}: no node has that name`,
        hint: suggestion(word, new Set(pipeline.instances.flatMap(({ name, node }) => [node, name]))),
      });
    return names;
  });
  return problems.length > 0 ? failed(...problems) : done(new Set(found));
}

/** Reads a pipeline and plans it. */
export async function planPipeline(file: string, options: PlanOptions): Promise<Outcome<{ readonly opened: Opened; readonly plan: Plan }>> {
  const opened = await openPipeline(file, options);
  if (!opened.ok) return opened;
  const plan = await planOpened(opened.value, options);
  return plan.ok ? done({ opened: opened.value, plan: plan.value }) : plan;
}

/** Plans a pipeline that was read. */
export async function planOpened({ pipeline, surroundings }: Opened, options: Pick<PlanOptions, 'force' | 'only'>): Promise<Outcome<Plan>> {
  const forced = instancesOf(pipeline, options.force ?? [], '--force');
  if (!forced.ok) return forced;
  const only = instancesOf(pipeline, options.only ?? [], '--only');
  if (!only.ok) return only;
  return makePlan({ pipeline, surroundings, forced: forced.value, only: options.only === undefined ? undefined : only.value });
}

/** What may be used at once: all that the executor has, or as many threads as `--jobs` says. */
export function capacityOf({ jobs }: Pick<PlanOptions, 'jobs'>, { capacity }: Executor): Outcome<Capacity> {
  if (jobs === undefined) return done(capacity);
  const cpu = Number(jobs);
  if (!Number.isInteger(cpu) || cpu < 1)
    return failed({
      kind: 'usage',
      code: 'bad-option',
      message: `--jobs ${jobs} is not a whole number above 0`,
      hint: 'for example --jobs 2',
    });
  return done({ ...capacity, cpu });
}
