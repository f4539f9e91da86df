import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { paramsFilesOf } from '../load/pipeline/params-paths.ts';
import { readYamlFile } from '../load/yaml/file.ts';
import type { Instance } from '../model/pipeline.ts';
import type { Outcome } from '../model/problem.ts';
import type { Context } from './context.ts';
import { openPipeline } from './pipeline.ts';
import { locatePipeline } from './pipeline-files.ts';
import { type Planned, type PipelinePlan, type PlanOptions, plannedFile, planOf } from './run.ts';
import { plainSettings, settingFiles, toldInFiles } from './settings.ts';
import { WatchedFiles } from './watched-files.ts';

/** A plan of a pipeline file, and what may change it. */
export interface WatchedPlan {
  readonly plan: Outcome<PipelinePlan>;
  /** Files and folders, absolute. Where nothing could be planned: where what is wrong may be put right. */
  readonly reads: readonly string[];
}

/** What a plan can always be changed by: its file, the project's, and the project's own stages. */
function alwaysRead(context: Context, file: string): readonly string[] {
  const { root } = context;
  const pipeline = locatePipeline(file, context.folder).file;
  const params = existsSync(pipeline) ? paramsFilesOf(readYamlFile(pipeline, file).value, pipeline) : [];
  return [pipeline, ...params, ...['stillroom.yaml', 'package.json', 'stages'].map((name) => join(root, name))];
}

/** The files and folders that a command names as its code: of a pattern the folder in which it looks. */
function codeNamed({ work }: Instance): readonly string[] {
  if (work.kind !== 'command' || work.code === undefined) return [];
  const { script, more } = work.code;
  return [...(script === undefined ? [] : [script]), ...more.map((name) => name.replace(/[^/]*[*?[{].*$/, ''))];
}

/** The files and folders that a plan came from: the code of stages with all that it imports, what was chosen, and sources. */
function readsOf({ opened: { pipeline, store }, plan }: Planned): readonly string[] {
  const reads = new Set<string>();
  for (const { prepared } of plan.nodes.values()) {
    const { instance, code, environment, commandCode } = prepared;
    for (const path of environment?.files ?? []) reads.add(path);
    for (const path of [...codeNamed(instance), ...(commandCode?.paths ?? [])]) reads.add(join(pipeline.root, path));
    if (instance.work.kind === 'command') continue;
    reads.add(instance.work.folder);
    for (const { file } of Object.values(instance.work.modules)) reads.add(file);
    for (const shown of Object.keys(store.bundles.read(code?.digest ?? '')?.files ?? {})) reads.add(resolve(pipeline.root, shown));
  }
  for (const name of plan.snapshots.keys()) {
    const source = pipeline.sources[name];
    if (source !== undefined) reads.add(source.path);
  }
  return [...reads];
}

/** Plans a pipeline file, and says what may change the plan, whether or not there is one. */
export async function planWatched(context: Context, file: string, asked: PlanOptions): Promise<WatchedPlan> {
  const set = await plainSettings(asked.set ?? [], context.folder);
  const always = [...alwaysRead(context, file), ...settingFiles(asked.set ?? [], context.folder)];
  if (!set.ok) return { plan: set, reads: always };
  const options = { ...asked, set: set.value.set };
  const planned = await context.guarded(() => plannedFile(context, file, options));
  if (!planned.ok) {
    // What is wrong may be a source that is missing.
    const opened = await context.guarded(() => openPipeline(context, file, options.set));
    const sources = opened.ok ? Object.values(opened.value.pipeline.sources).map(({ path }) => path) : [];
    // Or code of commands: what is to be there, and what is no program.
    const code = opened.ok ? opened.value.pipeline.instances.flatMap(codeNamed) : [];
    const told = planned.problems.flatMap(({ place }) => (place === undefined ? [] : [place.file]));
    return {
      plan: toldInFiles(planned, set.value.places),
      reads: [...always, ...sources, ...[...code, ...told].map((path) => resolve(context.root, path))],
    };
  }
  return { plan: await planOf(context, planned.value, options), reads: [...always, ...readsOf(planned.value)] };
}

/** Watches files and folders for those who run again when they change; what lies in the store is left out. */
export function watchFiles(context: Context): WatchedFiles {
  return new WatchedFiles(context.places.store);
}
