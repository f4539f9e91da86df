import { meets } from '../../model/condition.ts';
import type { Declaration, OutputDeclaration } from '../../model/declaration.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { instanceName } from '../../model/instance-name.ts';
import type { EnvironmentVariable, Instance, Key, NodeWork, Tool } from '../../model/pipeline.ts';
import type { FoundStage } from '../../code/declarations.ts';
import type { Locate } from '../yaml/locate.ts';
import { fillInAt, isFull, type NodeContext, scopeOf } from './context.ts';
import { type NodeOverride, overriddenParams } from './overrides.ts';
import type { Points } from './matrix.ts';
import { settableSchemas, stageParams } from './params.ts';
import { asWritten, fillIn, type Scope } from './references.ts';
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

function environment(env: FileNode['env'], scope: Scope, pointer: string, context: NodeContext): EnvironmentVariable[] {
  if (env === undefined) return [];
  if (Array.isArray(env)) return [...new Set(env as readonly string[])].map((name) => ({ name, secret: false }));
  const filled = fillInAt(env as Json, scope, pointer, context) as JsonObject;
  return Object.entries(env as JsonObject).map(([name, raw]) => {
    // A reference may give a value that is no text.
    const value = asWritten(filled[name] ?? null, { raw, own: undefined, texts: scope.texts });
    const isSecret = raw !== null && typeof raw === 'object' && 'secret' in raw;
    if (isSecret) return { name, secret: true };
    return { name, value: typeof value === 'string' ? value : JSON.stringify(value), secret: false };
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
  { points, texts }: Points,
  stage: FoundStage | undefined,
  context: NodeContext,
): Promise<Draft[]> {
  const base = `/stages${pointerStep(name)}`;
  const drafts: Draft[] = [];
  const overrides = overridesOf(name, points, context);
  for (const key of points) {
    if (isFull(context)) break;
    const numbers = Object.entries(key).flatMap(([variable, value]) => {
      const text = texts.get(variable)?.get(value);
      return text === undefined ? [] : [[variable, text] as const];
    });
    const scope = { ...scopeOf(context, key), texts: numbers.length === 0 ? context.texts : new Map([...context.texts, ...numbers]) };
    if (!isOn(node, scope, base, context)) continue;
    const instance = instanceName(name, key);
    const own = overrides.flatMap(({ override, keys }) => (keys === undefined || keys.has(key) ? [override] : []));
    const { given, locate } = await givenParams(node.with ?? {}, own, stage, { scope, base, context });
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
      env: environment(node.env, scope, `${base}/env`, context),
      ...(node.executor === undefined ? {} : { executor: node.executor }),
      ...(node.timeout === undefined ? {} : { timeout: amount(node.timeout) }),
      measures: (declared.measures ?? node.measures) === 'machine',
      retries: node.retries ?? 0,
    });
  }
  return drafts;
}

function isOn(node: FileNode, scope: Scope, base: string, context: NodeContext): boolean {
  return Object.entries(node.when ?? {}).every(([variable, condition]) => {
    const value = scope.values.get(variable);
    if (value === undefined) {
      context.problems.push(
        context.locate.problem(
          'unknown-reference',
          `nothing is named "${variable}"`,
          `${base}/when${pointerStep(variable)}`,
          'key',
          suggestion(variable, scope.values.keys()),
        ),
      );
      return false;
    }
    return meets(value, fillInAt(condition, scope, `${base}/when${pointerStep(variable)}`, context));
  });
}

/** The overrides for a node, each with the points that it is for; undefined: for all. */
function overridesOf(
  name: string,
  points: readonly Key[],
  { overrides }: NodeContext,
): readonly { readonly override: NodeOverride; readonly keys: ReadonlySet<Key> | undefined }[] {
  const all = points.map((key) => ({ key }));
  return overrides
    .filter(({ node }) => node === name)
    .map((override) => {
      const { point } = override;
      return { override, keys: point === undefined ? undefined : new Set(atPoint(all, point).map(({ key }) => key)) };
    });
}

/** The params that the file and overrides give an instance, and where each comes from. */
async function givenParams(
  written: JsonObject,
  overrides: readonly NodeOverride[],
  stage: FoundStage | undefined,
  at: { readonly scope: Scope; readonly base: string; readonly context: NodeContext },
): Promise<{ readonly given: JsonObject; readonly locate: Locate }> {
  const pointerOf = (param: string): string => `${at.base}/with${pointerStep(param)}`;
  const locate = at.context.locate.withOptions(overrides.map(({ param, option }) => [pointerOf(param), option]));
  const context = { ...at.context, locate };
  const set = overriddenParams(
    overrides,
    {
      schemas: stage && (await settableSchemas(stage, overrides, context.cache)),
      current: (param) => (written[param] === undefined ? undefined : fillIn(written[param], at.scope, () => undefined)),
      fill: (value, param) => fillInAt(value, at.scope, pointerOf(param), context),
    },
    context.problems,
  );
  const others = Object.fromEntries(Object.entries(written).filter(([param]) => !Object.hasOwn(set, param)));
  const filed = fillInAt(others, at.scope, `${at.base}/with`, context) as JsonObject;
  if (stage !== undefined || filed === null) return { given: { ...filed, ...set }, locate };
  const { texts } = at.scope;
  const shown = Object.entries(filed).map(([param, value]) => {
    const own = at.context.locate.written.get(pointerOf(param));
    return [param, asWritten(value, { raw: others[param] ?? null, own, texts })] as const;
  });
  return { given: { ...Object.fromEntries(shown), ...set }, locate };
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

function commandWork(node: FileNode, given: JsonObject, scope: Scope, base: string, context: NodeContext): NodeWork {
  const { locate, problems } = context;
  const ports = [...Object.keys(node.in ?? {}), ...Object.keys(node.out ?? {})];
  const names = [...ports, ...Object.keys(given)];
  const seen = new Set<string>();
  for (const name of names) {
    if (isFull(context)) break;
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
    if (seen.has(name))
      problems.push(
        locate.problem(
          'same-name',
          `"${name}" is used twice among in, with and out`,
          base,
          'key',
          'rename one: the command sees all three as variables',
        ),
      );
    seen.add(name);
  }
  if (node.out === undefined)
    problems.push(
      locate.problem('missing-key', 'a command needs "out"', base, 'key', 'name at least one output and the path it is written to'),
    );
  const texts = typeof node.run === 'string' ? [node.run] : (node.run ?? []).map(String);
  const { paths } = commandOutputs(fillIn((node.out ?? {}) as Json, scope, () => undefined) as FileNode['out']);
  const tools: Tool[] = (node.tools ?? []).map((tool) => (typeof tool === 'string' ? { program: tool } : tool));
  return {
    kind: 'command',
    run: typeof node.run === 'string' ? node.run : texts,
    tools,
    paths,
    ...(node.metrics === undefined ? {} : { metrics: node.metrics }),
  };
}
