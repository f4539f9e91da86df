import { meets } from '../../model/condition.ts';
import { posix } from 'node:path';
import type { Declaration, OutputDeclaration } from '../../model/declaration.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { instanceName } from '../../model/instance-name.ts';
import type { EnvironmentVariable, Instance, Key, NodeWork, Tool } from '../../model/pipeline.ts';
import type { FoundStage } from '../../code/declarations.ts';
import type { Locate } from '../yaml/locate.ts';
import { fillInAt, type NodeContext } from './context.ts';
import { type NodeOverride, overriddenParams } from './overrides.ts';
import { settableSchemas, stageParams } from './params.ts';
import { fillIn } from './references.ts';
import { atPoint } from './selection.ts';
import { amount } from '../../text/amounts.ts';
import { suggestion } from '../../text/suggestion.ts';
import { pointerStep } from '../../text/json-pointer.ts';

/** A node as the file has it, once it fits the schema. */
export interface FileNode {
  readonly uses?: string;
  readonly run?: string | readonly (string | number)[];
  readonly matrix?: Readonly<Record<string, readonly Json[]>>;
  readonly when?: JsonObject;
  readonly in?: Readonly<Record<string, Json>>;
  readonly with?: JsonObject;
  readonly out?: Readonly<Record<string, string | { readonly path: string; readonly measured?: boolean }>>;
  readonly tools?: readonly (string | { readonly run: string })[];
  readonly metrics?: string;
  readonly measures?: 'machine';
  readonly resources?: { readonly cpu?: number; readonly gpu?: number; readonly memory?: string };
  readonly env?: readonly string[] | Readonly<Record<string, string | { readonly secret: true }>>;
  readonly executor?: string;
  readonly timeout?: string;
  readonly retries?: number;
}

/** A node at one point of its matrix whose inputs are not yet connected. */
export type Draft = Omit<Instance, 'inputs'>;

function environment(env: FileNode['env']): EnvironmentVariable[] {
  if (env === undefined) return [];
  if (Array.isArray(env)) return (env as readonly string[]).map((name) => ({ name, secret: false }));
  return Object.entries(env as Readonly<Record<string, Json>>).map(([name, value]) => {
    if (typeof value === 'string') return { name, value, secret: false };
    // A reference may give a value that is no text.
    const isSecret = value !== null && typeof value === 'object' && 'secret' in value;
    return isSecret ? { name, secret: true } : { name, value: JSON.stringify(value), secret: false };
  });
}

function commandOutputs(out: FileNode['out']): { outputs: Record<string, OutputDeclaration>; paths: Record<string, string> } {
  const outputs: Record<string, OutputDeclaration> = {};
  const paths: Record<string, string> = {};
  for (const [port, value] of Object.entries(out ?? {})) {
    // A reference may give a value that is no text.
    const path = String(typeof value === 'object' ? value.path : value);
    const base = path.split('/').at(-1) ?? '';
    const dot = base.lastIndexOf('.');
    outputs[port] = {
      kind: path.endsWith('/') ? 'dir' : 'file',
      suffix: path.endsWith('/') || dot <= 0 ? '' : base.slice(dot),
      measured: typeof value !== 'string' && value.measured === true,
    };
    paths[port] = path.replace(/\/+$/, '');
  }
  return { outputs, paths };
}

/** Instances that a node has at the given points, those that `when` turns off left out. */
export async function draftInstances(
  name: string,
  node: FileNode,
  points: readonly Key[],
  stage: FoundStage | undefined,
  context: NodeContext,
): Promise<Draft[]> {
  const base = `/stages${pointerStep(name)}`;
  const drafts: Draft[] = [];
  for (const key of points) {
    const scope = new Map(Object.entries({ ...context.params, ...key }));
    if (!isOn(node, scope, base, context)) continue;
    const instance = instanceName(name, key);
    const { given, locate } = await givenParams(node.with ?? {}, overridesOf(name, key, points, context), stage, { scope, base, context });
    const { params, work } =
      stage === undefined
        ? { params: given, work: commandWork(node, given, scope, base, { ...context, locate }) }
        : await stageWork(node, stage, given, { ...context, locate, pointer: `${base}/with` });
    const declared: Partial<Declaration> = stage?.declaration ?? {};
    const { outputs } =
      stage === undefined
        ? commandOutputs(fillInAt((node.out ?? {}) as Json, scope, `${base}/out`, context) as FileNode['out'])
        : stage.declaration;
    const resources = { ...declared.resources, ...node.resources };
    drafts.push({
      node: name,
      key,
      name: instance,
      work,
      params,
      outputs,
      metrics: declared.metrics ?? {},
      resources: { cpu: resources.cpu ?? 1, gpu: resources.gpu ?? 0, memory: amount(resources.memory ?? '0') },
      env: environment(fillInAt((node.env ?? []) as Json, scope, `${base}/env`, context) as FileNode['env']),
      ...(node.executor === undefined ? {} : { executor: node.executor }),
      ...(node.timeout === undefined ? {} : { timeout: amount(node.timeout) }),
      measures: (declared.measures ?? node.measures) === 'machine',
      retries: node.retries ?? 0,
    });
  }
  return drafts;
}

function isOn(node: FileNode, scope: ReadonlyMap<string, Json>, base: string, context: NodeContext): boolean {
  return Object.entries(node.when ?? {}).every(([variable, condition]) => {
    const value = scope.get(variable);
    if (value === undefined) {
      context.problems.push(
        context.locate.problem(
          'unknown-reference',
          `nothing is named "${variable}"`,
          `${base}/when${pointerStep(variable)}`,
          'key',
          suggestion(variable, scope.keys()),
        ),
      );
      return false;
    }
    return meets(value, fillInAt(condition, scope, `${base}/when${pointerStep(variable)}`, context));
  });
}

/** The overrides for the instance at one of a node's points. */
function overridesOf(name: string, key: Key, points: readonly Key[], { overrides }: NodeContext): readonly NodeOverride[] {
  const all = points.map((one) => ({ key: one }));
  return overrides.filter(
    ({ node, point }) => node === name && (point === undefined || atPoint(all, point).some((one) => one.key === key)),
  );
}

/** The params that the file and overrides give an instance, and where each comes from. */
async function givenParams(
  written: JsonObject,
  overrides: readonly NodeOverride[],
  stage: FoundStage | undefined,
  at: { readonly scope: ReadonlyMap<string, Json>; readonly base: string; readonly context: NodeContext },
): Promise<{ readonly given: JsonObject; readonly locate: Locate }> {
  const pointerOf = (param: string): string => `${at.base}/with${pointerStep(param)}`;
  const locate = at.context.locate.withOptions(overrides.map(({ param, option }) => [pointerOf(param), option]));
  const context = { ...at.context, locate };
  const set = overriddenParams(
    overrides,
    {
      schemas: stage && (await settableSchemas(stage, overrides, context.cache)),
      current: (param) => (written[param] === undefined ? undefined : fillIn(written[param], { values: at.scope }, () => undefined)),
      fill: (value, param) => fillInAt(value, at.scope, pointerOf(param), context),
    },
    context.problems,
  );
  const others = Object.fromEntries(Object.entries(written).filter(([param]) => !Object.hasOwn(set, param)));
  const filed = fillInAt(others, at.scope, `${at.base}/with`, context) as JsonObject;
  return { given: { ...filed, ...set }, locate };
}

async function stageWork(
  node: FileNode,
  stage: FoundStage,
  given: JsonObject,
  context: NodeContext & { readonly pointer: string },
): Promise<{ readonly params: JsonObject; readonly work: NodeWork }> {
  const { params, modules } = await stageParams(given, { ...context, stage });
  return { params, work: { kind: 'stage', stage: node.uses ?? '', folder: stage.folder, declaration: stage.declaration, modules } };
}

/** Every path of a command lies below its working folder, and none within another. */
function checkPaths(node: FileNode, paths: Readonly<Record<string, string>>, base: string, { locate, problems }: NodeContext): void {
  const complain = (message: string, pointer: string, hint: string): void =>
    void problems.push(locate.problem('bad-path', message, pointer, 'value', hint));
  const inputs = Object.entries(node.in ?? {}).flatMap(([port, input]): [pointer: string, path: string][] => {
    const at = typeof input === 'string' ? undefined : (input as JsonObject)['at'];
    return typeof at === 'string' ? [[`${base}/in${pointerStep(port)}/at`, at]] : [];
  });
  const outputs = Object.entries(paths).map(([port, path]): [string, string] => [`${base}/out${pointerStep(port)}`, path]);
  const metrics: [string, string][] = node.metrics === undefined ? [] : [[`${base}/metrics`, node.metrics]];
  const taken: string[] = [];
  for (const [pointer, path] of [...inputs, ...outputs, ...metrics]) {
    const plain = posix.normalize(path).replace(/\/$/, '');
    if (plain.startsWith('/') || plain === '..' || plain.startsWith('../')) {
      complain(`the path "${path}" leaves the working folder`, pointer, 'write it relative to the working folder');
      continue;
    }
    const isMetrics = pointer.endsWith('/metrics');
    const other = isMetrics ? undefined : taken.find((one) => one === plain || one.startsWith(`${plain}/`) || plain.startsWith(`${one}/`));
    if (plain === '.') complain(`the path "${path}" is the working folder itself`, pointer, 'name a folder in it, for example out/');
    else if (other !== undefined) complain(`the paths "${path}" and "${other}" lie in each other`, pointer, 'choose paths apart');
    if (!isMetrics) taken.push(plain);
  }
}

function commandWork(node: FileNode, given: JsonObject, scope: ReadonlyMap<string, Json>, base: string, context: NodeContext): NodeWork {
  const { locate, problems } = context;
  const ports = [...Object.keys(node.in ?? {}), ...Object.keys(node.out ?? {})];
  const names = [...ports, ...Object.keys(given)];
  for (const name of names) {
    if (!/^[a-z][a-z0-9_]*$/.test(name))
      problems.push(
        locate.problem(
          'bad-name',
          `"${name}" is not a variable name`,
          `${base}/with${pointerStep(name)}`,
          'key',
          'a lower-case letter, then letters, digits or "_": the command sees it as a variable',
        ),
      );
    if (names.indexOf(name) !== names.lastIndexOf(name))
      problems.push(
        locate.problem(
          'same-name',
          `"${name}" is used twice among in, with and out`,
          base,
          'key',
          'rename one: the command sees all three as variables',
        ),
      );
  }
  if (node.out === undefined)
    problems.push(
      locate.problem('missing-key', 'a command needs "out"', base, 'key', 'name at least one output and the path it is written to'),
    );
  const texts = typeof node.run === 'string' ? [node.run] : (node.run ?? []).map(String);
  const { paths } = commandOutputs(fillIn((node.out ?? {}) as Json, { values: scope }, () => undefined) as FileNode['out']);
  checkPaths(node, paths, base, context);
  const tools: Tool[] = (node.tools ?? []).map((tool) => (typeof tool === 'string' ? { program: tool } : tool));
  return {
    kind: 'command',
    run: typeof node.run === 'string' ? node.run : texts,
    tools,
    paths,
    ...(node.metrics === undefined ? {} : { metrics: node.metrics }),
  };
}
