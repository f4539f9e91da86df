import { existsSync } from 'node:fs';
import { basename, extname, join, posix, relative } from 'node:path';
import type { Json, JsonObject } from '../model/json.ts';
import { commandDraft } from './command.ts';
import { FreshNames, type MadeOutput, type NodeDraft, Notes, type PipelineDraft } from './draft.ts';
import { type Folded, foldStages } from './fold.ts';
import { Inputs } from './inputs.ts';
import { Layout } from './layout.ts';
import type { DvcLock } from './lock.ts';
import { type Conversion, joinedPlots, madeOutputs, outputDrafts, portOf } from './outputs.ts';
import type { DvcPipeline, DvcStage, Note } from './stage.ts';
import { readValues, type Where } from './values.ts';

/** Files that say which packages a project has. */
const REQUIREMENTS = ['uv.lock', 'pylock.toml', 'requirements.txt', 'src/requirements.txt'];

/** A pipeline of DVC as one of ours. */
export interface Converted {
  readonly draft: PipelineDraft;
  readonly notes: readonly Note[];
  /** The name of the node and its point, for each stage that became one. */
  readonly nodes: ReadonlyMap<string, { readonly node: string; readonly point: JsonObject | undefined }>;
  readonly made: ReadonlyMap<string, MadeOutput>;
  readonly layout: Layout;
}

/** What is converted, and for where. */
export interface ConvertRequest {
  readonly pipeline: DvcPipeline;
  readonly where: Where;
  /** The file as messages name it. */
  readonly file: string;
  readonly lock: DvcLock | undefined;
  readonly name: string;
  /** The folder of the pipeline file that is to be written, absolute. */
  readonly target: string;
}

/** Makes a pipeline of ours of one of DVC. */
export function convert({ pipeline, where, file, lock, name, target }: ConvertRequest): Converted {
  const notes = new Notes(file);
  const running = pipeline.stages.filter(({ isFrozen }) => !isFrozen);
  const folded = foldStages(running, pipeline.all);
  const layout = new Layout(running, where.folder);
  const nodeNames = new FreshNames('-');
  const named = folded.map((one) => ({
    folded: one,
    node: nodeNames.make(one.stages.length > 1 ? one.stages[0].group : one.stages[0].name.replace('@', '-')),
  }));
  const known = { pipeline, folder: where.folder, layout, lock, notes, names: new Map<string, FreshNames>() };
  const made = new Map<string, MadeOutput>();
  for (const { folded: one, node } of named)
    for (const output of madeOutputs(one, node, known))
      if (!output.path.startsWith('/') && !made.has(output.path)) made.set(output.path, output);
  const conversion: Conversion = { ...known, made };
  const inputs = new Inputs(conversion, target, folded);
  for (const stage of pipeline.stages) tellFrozen(stage, notes);
  const nodes = named.map(({ folded: one, node }) => nodeDraft(one, node, { conversion, inputs, where }));
  const plots = joinedPlots(conversion);
  tellMetrics(pipeline, conversion);
  const params = usedParams(nodes, pipeline, where);
  return {
    draft: { name, ...params, comments: environmentComment(where, target), sources: inputs.sources, nodes, plots },
    notes: notes.all,
    nodes: new Map(
      named.flatMap(({ folded: { stages, points }, node }) => stages.map((stage, index) => [stage.name, { node, point: points[index] }])),
    ),
    made,
    layout,
  };
}

function tellFrozen({ name, isFrozen, outs, line }: DvcStage, notes: Notes): void {
  if (isFrozen)
    notes.add(line, `${name}: it is frozen: it is no node, and what it wrote (${outs.map(({ path }) => path).join(', ')}) is a source`);
}

interface Making {
  readonly conversion: Conversion;
  readonly inputs: Inputs;
  readonly where: Where;
}

function nodeDraft(folded: Folded, node: string, { conversion, inputs, where }: Making): NodeDraft {
  const [stage] = folded.stages;
  const { notes } = conversion;
  const command = commandDraft(folded, node, { where, conversion });
  const outputs = outputDrafts(folded, conversion);
  const metrics = metricsOf(stage, conversion);
  if (outputs.length === 0) notes.add(stage.line, `${stage.name}: it writes nothing that DVC knows: a file "done" stands for its work`);
  if (stage.isAlwaysChanged) notes.add(stage.line, `${stage.name}: "always_changed" is a tool whose version is the time`);
  if (command.env.length > 0)
    notes.add(
      stage.line,
      `${stage.name}: it reads ${command.env.join(', ')} of the environment, which counts; a secret is { NAME: { secret: true } }`,
    );
  return {
    name: node,
    comments: [`stage "${folded.stages.length > 1 ? stage.group : stage.name}" of dvc.yaml, line ${stage.line}`],
    ...(stage.about === undefined ? {} : { about: stage.about }),
    ...(folded.matrix === undefined ? {} : { matrix: folded.matrix }),
    ...(metrics === undefined ? {} : { metrics }),
    run: command.run,
    inputs: inputs.draft(folded, node, command.whole),
    params: command.params,
    outputs: outputs.length > 0 ? outputs : [{ port: 'done', path: posix.join(conversion.layout.at(stage.folder), 'done') }],
    env: command.env,
    tools: stage.isAlwaysChanged ? [{ run: 'date +%s%N' }] : [],
  };
}

/** The file of a stage's metrics: the first that a command's metrics may be; all others are outputs only. */
function metricsOf(stage: DvcStage, { pipeline, made, layout, notes }: Conversion): string | undefined {
  const beside = pipeline.metrics.filter(({ path }) => portOf(path, made)?.output.stage.name === stage.name);
  const all = [...stage.outs.filter(({ kind }) => kind === 'metrics'), ...beside];
  const [first, ...others] = all.filter(({ path }) => /\.(?:json|ya?ml|toml)$/.test(path));
  for (const { path, line } of others)
    notes.add(line, `${stage.name}: ${path} is an output, but not among its metrics: those are one file, ${first?.path ?? ''}`);
  for (const { path, line } of all.filter((one) => !/\.(?:json|ya?ml|toml)$/.test(one.path)))
    notes.add(line, `${stage.name}: ${path} is an output, but not its metrics: those are JSON, YAML or TOML`);
  return first === undefined ? undefined : layout.at(first.path);
}

function tellMetrics({ metrics }: DvcPipeline, { made, notes }: Conversion): void {
  for (const { path, line } of metrics)
    if (portOf(path, made) === undefined) notes.add(line, `the metrics ${path} are left out: no stage writes them`);
}

/** The params that nodes refer to: from files, and those that `dvc.yaml` gave. */
function usedParams(nodes: readonly NodeDraft[], pipeline: DvcPipeline, where: Where): Pick<PipelineDraft, 'paramFiles' | 'params'> {
  const used = new Set(
    nodes.flatMap(({ params }) => params.flatMap(([, value]) => referencesIn(value))).map((name) => name.split('.')[0] ?? ''),
  );
  const inline = Object.fromEntries(Object.entries(pipeline.values).filter(([name]) => used.has(name)));
  const asked = pipeline.stages.flatMap(({ params }) => params.map(({ file }) => file));
  const files = [...new Set([...pipeline.valueFiles, ...asked])].filter((file) => {
    const values = /^\.(?:ya?ml|json|toml)$/.test(extname(file)) ? readValues(where, file)?.values : undefined;
    return values !== undefined && Object.keys(values).some((key) => used.has(key));
  });
  return { paramFiles: files, params: inline };
}

function referencesIn(value: Json): string[] {
  if (typeof value === 'string') return value.startsWith('$') ? [value.slice(1)] : [];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(referencesIn) : [];
}

/** How the packages of commands would count, where a file says which those are. */
function environmentComment({ folder }: Where, target: string): string[] {
  const file = REQUIREMENTS.find((name) => existsSync(join(folder, name)));
  if (file === undefined) return ['Neither DVC nor this file looks at packages: environment: { python: requirements.txt } would.'];
  const path = relative(target, join(folder, file));
  return [`DVC does not look at packages. This would build them of ${basename(path)}, and count them:`, `environment: { python: ${file} }`];
}
