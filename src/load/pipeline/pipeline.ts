import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeOf } from '../../model/instance-name.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { type Instance, type ParamsFile, type Pipeline, sourcesOf } from '../../model/pipeline.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { producerOf } from './connect.ts';
import { CheckedBefore } from '../check.ts';
import { checks, schemas } from '../checks.ts';
import { Locate } from '../yaml/locate.ts';
import { fillInAt, type NodeContext } from './context.ts';
import { checkEnvironments } from './environment.ts';
import type { FileEnvironment, FileNode } from './file-node.ts';
import { NodesBefore } from './nodes-before.ts';
import { topologicalOrder } from './order.ts';
import { checkPlots, type FileJoinedPlot, joinedPlots } from './plots.ts';
import { checkShow } from './show.ts';
import { readNodes } from './read-nodes.ts';
import { ROOM } from './references.ts';
import { applyOverrides } from './overrides.ts';
import { atPoint } from './selection.ts';
import { suggestion } from '../../text/suggestion.ts';
import { readYaml, type YamlText } from '../yaml/document.ts';
import { readYamlFile } from '../yaml/file.ts';
import { foreignFile } from '../foreign.ts';
import { pointerNames, pointerStep } from '../../text/json-pointer.ts';
import { withParamsFiles } from './params-files.ts';
import { readSources, type WrittenSource } from './sources.ts';
import { validate } from '../validate.ts';

/** What to load and where to look. */
export interface LoadRequest {
  /** The pipeline file, absolute. */
  readonly file: string;
  /** As messages name it. */
  readonly shownFile: string;
  /** The project's folder, absolute. */
  readonly root: string;
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  /** `--set` options. */
  readonly set: readonly string[];
  /** Where the command was given, absolute: paths of options are relative to it; default: the current directory. */
  readonly from?: string;
  /** The executors that nodes may name; default: the one that needs no declaring. */
  readonly executors?: readonly string[];
  /** Where relative sources are looked for that do not lie beside the file; default: nowhere. */
  readonly elsewhere?: string | undefined;
  /** What is read in the place of the file: its text with some of its nodes alone. */
  readonly text?: string | undefined;
  /** What was read of the file's nodes before; default: nothing. */
  readonly before?: NodesBefore;
}

/** A pipeline file that fits the schema. */
interface PipelineFile {
  readonly name: string;
  readonly about?: string;
  readonly params?: JsonObject;
  readonly sources?: Readonly<Record<string, string | WrittenSource>>;
  readonly environment?: FileEnvironment;
  readonly confine?: 'project' | 'none';
  readonly stages: Readonly<Record<string, FileNode>>;
  readonly show?: readonly string[];
  readonly plots?: Readonly<Record<string, FileJoinedPlot>>;
}

/** A pipeline file as YAML, with its options applied: nothing of it is checked yet. */
export interface ReadFile {
  readonly request: LoadRequest;
  readonly text: YamlText;
  readonly locate: Locate;
  readonly overridden: ReturnType<typeof applyOverrides>;
  /** Names of params that come from files alone, and those files. */
  readonly taken: ReadonlySet<string>;
  readonly files: readonly ParamsFile[];
}

/**
 * Reads a pipeline file: YAML, schema, stages, references, matrix, order. All problems that are found are returned together, each with
 * its place; nothing is executed.
 */
export async function loadPipeline(request: LoadRequest): Promise<Outcome<Pipeline>> {
  const read = await readFile(request);
  return read.ok ? pipelineOf(read.value) : read;
}

/** Reads the YAML of a pipeline file, and applies its options. */
export async function readFile(request: LoadRequest): Promise<Outcome<ReadFile>> {
  const isFile = statSync(request.file, { throwIfNoEntry: false })?.isFile();
  if (isFile !== true)
    return failed({
      kind: 'usage',
      code: 'no-such-file',
      message: `${request.shownFile} ${isFile === undefined ? 'does not exist' : 'is not a file'}`,
      hint: isFile === undefined ? 'name a pipeline file: stillroom run lists them' : fileInFolder(request),
    });
  const own = request.text === undefined ? readYamlFile(request.file, request.shownFile) : readYaml(request.shownFile, request.text);
  if (own.problems.length > 0) return failed(...(foreign(request.shownFile, own) ?? own.problems));
  const { text, taken, files, problems: unread } = await withParamsFiles(own, request);
  if (unread.length > 0) return failed(...unread);
  const locate = new Locate(text);
  const overridden = applyOverrides(text.value, request.set, locate);
  return overridden.problems.length > 0 ? failed(...overridden.problems) : done({ request, text, locate, overridden, taken, files });
}

/**
 * Makes a pipeline of a file that was read. `only`: some of its instances, with all that they need, of a file that has been found to be
 * without problems but for what these say of themselves.
 */
export async function pipelineOf(read: ReadFile, only?: ReadonlySet<string>): Promise<Outcome<Pipeline>> {
  const { request, text, locate, overridden, taken, files } = read;
  const value = only === undefined ? overridden.value : withNodes(overridden.value, new Set([...only].map(nodeOf)));
  const problems = validate(value, { schema: schemas.pipeline, check: checks.pipeline }, locate, '', {
    code: 'unknown-key',
    noun: 'key',
  });
  if (problems.length > 0) return failed(...(foreign(request.shownFile, text) ?? problems));
  const file = value as unknown as PipelineFile;
  checkNames(file, taken, locate, problems);
  checkEnvironments(file, locate, problems);
  checkExecutors(file, request.executors ?? ['local'], locate, problems);
  const checked = new CheckedBefore(request.cache);
  const room = { left: ROOM };
  const around = {
    locate,
    folder: dirname(request.file),
    root: request.root,
    overrides: overridden.nodes,
    environment: file.environment,
    confine: file.confine,
    followsLinks: overridden.followsLinks,
    problems,
    told: new Set<string>(),
    cache: request.cache,
    checked,
    room,
  };
  const none = { params: {}, names: new Map(), texts: new Map() };
  const params = (fillInAt(file.params ?? {}, { values: none.names, room }, '/params', { ...around, ...none }) ?? {}) as JsonObject;
  const names = new Map(Object.entries(params));
  const context: NodeContext = { ...around, params, names, texts: textsOf(file.params ?? {}, locate) };
  const sources = readSources(file.sources ?? {}, request, context);
  const order = nodeOrder(file.stages, locate);
  if (!order.ok) return failed(...problems, ...order.problems);
  const before = request.before ?? new NodesBefore();
  const instances = await readNodes({ nodes: file.stages, order: order.value, sources, before, only }, context);
  checked.flush();
  if (only === undefined) {
    checkOverrides(instances, context);
    checkShow(file, instances, context);
    checkPlots(file, instances, context);
  }
  if (problems.length > 0) return failed(...unique(problems));
  const all = [...instances.values()].flat();
  const used = new Set(sourcesOf(all));
  return done({
    name: file.name,
    ...(file.about === undefined ? {} : { about: file.about }),
    file: request.file,
    root: request.root,
    params: context.params,
    ...(files.length === 0 ? {} : { paramsFiles: files }),
    sources: Object.fromEntries([...sources].filter(([name]) => used.has(name))),
    instances: all,
    show: file.show ?? [],
    ...(file.plots === undefined ? {} : { plots: joinedPlots(file.plots) }),
  });
}

/** A file's value with some of its nodes alone. */
function withNodes(value: Json, nodes: ReadonlySet<string>): Json {
  const { stages, ...head } = value as JsonObject;
  return { ...head, stages: Object.fromEntries(Object.entries(stages as JsonObject).filter(([name]) => nodes.has(name))) };
}

/** A pipeline file in a folder that was named in its place. */
function fileInFolder({ file, shownFile }: LoadRequest): string {
  const first = statSync(file).isDirectory() ? readdirSync(file).find((name) => /\.ya?ml$/.test(name)) : undefined;
  return first === undefined ? 'name a pipeline file: stillroom run lists them' : `name a file in it: ${join(shownFile, first)}`;
}

/** What is told of a file that is something else, in the place of all that is wrong with it as a pipeline. */
function foreign(shownFile: string, text: YamlText): readonly Problem[] | undefined {
  const found = foreignFile(shownFile, text.problems.length > 0 ? undefined : text.value);
  if (found === undefined) return undefined;
  const message = `${shownFile} is ${found.what}, not a pipeline of Stillroom`;
  return [{ kind: 'pipeline', code: 'foreign-file', message, hint: found.hint }];
}

/** How params are written that are numbers which JSON would write otherwise. */
function textsOf(params: JsonObject, { written }: Locate): ReadonlyMap<string, string> {
  if (written.size === 0) return new Map();
  const start = '/params/';
  return new Map(
    [...written].flatMap(([pointer, text]) => {
      const names = pointer.startsWith(start) ? pointerNames(pointer.slice(start.length - 1)) : [];
      return names[0] !== undefined && Object.hasOwn(params, names[0]) ? [[names.join('.'), text] as const] : [];
    }),
  );
}

/** The names of the nodes, producers before consumers. */
function nodeOrder(stages: PipelineFile['stages'], locate: Locate): Outcome<readonly string[]> {
  const needs = Object.entries(stages).map(
    ([name, node]) => [name, Object.values(node.in ?? {}).flatMap((value) => producerOf(value) ?? [])] as const,
  );
  const order = topologicalOrder(new Map(needs));
  return 'cycle' in order ? failed(cycleProblem(order.cycle, stages, locate)) : done(order.order);
}

/** A circle of nodes, at the input that reads from further down in the file: the others read from above, as nearly all inputs do. */
function cycleProblem(cycle: readonly string[], stages: PipelineFile['stages'], locate: Locate): Problem {
  const names = Object.keys(stages);
  const pairs = cycle.slice(1).map((producer, index) => ({ node: cycle[index] ?? '', producer }));
  const { node = '', producer = '' } = pairs.find((pair) => names.indexOf(pair.producer) >= names.indexOf(pair.node)) ?? {};
  const [port = '', value] = Object.entries(stages[node]?.in ?? {}).find(([, one]) => producerOf(one) === producer) ?? [];
  const from = typeof value === 'string' ? value : String((value as JsonObject | undefined)?.['from']);
  const pointer = `/stages${pointerStep(node)}/in${pointerStep(port)}`;
  if (node === producer)
    return locate.problem(
      'cycle',
      `"${node}" reads its own output "${from}"`,
      pointer,
      'value',
      `remove this input, or read from a node before "${node}"`,
    );
  const around = cycle.length > 12 ? [...cycle.slice(0, 10), '…', ...cycle.slice(-1)] : cycle;
  const message = `the nodes need each other in a cycle: ${around.join(' → ')}`;
  return locate.problem(
    'cycle',
    message,
    pointer,
    'value',
    `break the cycle: remove this input, or one of the others (${node} → ${producer} means that ${node} reads from ${producer})`,
  );
}

/** A node's instances repeat its problems: each is told once. */
function unique(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, message, place }) => {
    const text = `${code} ${message} ${place?.line}:${place?.column}`;
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** Names of params that a file of params brings along may be those of nodes: what is meant is told by what they hold. */
function checkNames(file: PipelineFile, taken: ReadonlySet<string>, locate: Locate, problems: Problem[]): void {
  const params = new Set(Object.keys(file.params ?? {}).filter((name) => !taken.has(name)));
  for (const [name, node] of Object.entries(file.stages)) {
    const base = `/stages${pointerStep(name)}`;
    if (params.has(name)) problems.push(locate.problem('same-name', `"${name}" is a param and a node`, base, 'key', 'rename one of them'));
    for (const variable of Object.keys(node.matrix ?? {})) {
      if (variable === 'include' || variable === 'exclude') continue;
      const pointer = `${base}/matrix${pointerStep(variable)}`;
      if (params.has(variable))
        problems.push(locate.problem('same-name', `"${variable}" is a param and a matrix variable`, pointer, 'key', 'rename one of them'));
      if (Object.hasOwn(file.stages, variable))
        problems.push(locate.problem('same-name', `"${variable}" is a node and a matrix variable`, pointer, 'key', 'rename one of them'));
    }
  }
}

function checkExecutors({ stages }: PipelineFile, known: readonly string[], locate: Locate, problems: Problem[]): void {
  for (const [name, { executor }] of Object.entries(stages)) {
    if (executor === undefined || known.includes(executor)) continue;
    const hint = `${suggestion(executor, known)} (executors are declared in stillroom.yaml)`;
    const pointer = `/stages${pointerStep(name)}/executor`;
    problems.push(locate.problem('unknown-executor', `no executor is named "${executor}"`, pointer, 'value', hint));
  }
}

function checkOverrides(instances: ReadonlyMap<string, readonly Instance[]>, context: NodeContext): void {
  for (const { node, point, option } of context.overrides) {
    const all = instances.get(node) ?? [];
    if (point === undefined || all.length === 0 || atPoint(all, point).length > 0) continue;
    context.problems.push({
      kind: 'usage',
      code: 'bad-set',
      message: `${option}: no instance of "${node}" has that point`,
      hint: `known: ${all.map(({ name }) => name).join(', ')}`,
    });
  }
}
