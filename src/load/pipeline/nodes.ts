import { meets } from '../../model/condition.ts';
import type { Declaration } from '../../model/declaration.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { instanceName } from '../../model/instance-name.ts';
import type { Instance, Key } from '../../model/pipeline.ts';
import type { FoundStage } from '../../code/declarations.ts';
import type { Locate } from '../yaml/locate.ts';
import { fillInAt, isFull, type NodeContext, scopeOf } from './context.ts';
import { partHint } from './param-hints.ts';
import { type NodeOverride, overriddenParams } from './overrides.ts';
import type { FileNode } from './file-node.ts';
import type { Points } from './matrix.ts';
import { settableSchemas, stageParams } from './params.ts';
import { asWritten, fillIn, isPlain, type Scope, valueNamed } from './references.ts';
import { type AtPoint, SharedParts } from './shared-parts.ts';
import { atPoint } from './selection.ts';
import { ownMember } from '../../model/own-member.ts';
import type { Metric } from '../../model/stage.ts';
import { amount } from '../../text/amounts.ts';
import { pointerStep } from '../../text/json-pointer.ts';

/** A node at one point of its matrix whose inputs are not yet connected. */
export type Draft = Omit<Instance, 'inputs'>;

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
  const declared: Partial<Declaration> = stage?.declaration ?? {};
  const { cpu = 1, gpu = 0, memory = '0' } = { ...declared.resources, ...node.resources };
  const fixed = {
    metrics: declared.metrics ?? metricsOf(node),
    resources: { cpu, gpu, memory: amount(memory) },
    ...(node.executor === undefined ? {} : { executor: node.executor }),
    ...(node.timeout === undefined ? {} : { timeout: amount(node.timeout) }),
    measures: (declared.measures ?? node.measures) === 'machine',
    retries: node.retries ?? 0,
  };
  const shared = new SharedParts(node);
  const isSame = isPlain(node.with ?? {}) && isPlain((node.out ?? {}) as JsonObject);
  let same: Parts | undefined;
  for (const key of points) {
    if (isFull(context)) break;
    const scope = { ...scopeOf(context, key), texts: textsAt(key, texts, context) };
    if (!isOn(node, scope, base, context)) continue;
    const own = overrides.length === 0 ? [] : overridesAt(key, overrides);
    const at = { scope, base, context };
    const parts = (own.length === 0 ? same : undefined) ?? (await partsOf(node, own, stage, { at, shared }));
    if (isSame && own.length === 0) same = parts;
    const env = shared.environment(at);
    drafts.push({ node: name, key, name: instanceName(name, key), ...parts, env, ...fixed });
  }
  return drafts;
}

/** What a command says of its metrics beside their file. */
function metricsOf({ metrics }: FileNode): Readonly<Record<string, Metric>> {
  if (metrics === undefined || typeof metrics === 'string') return {};
  const { goals = {}, tolerance = {} } = metrics;
  const names = new Set([...Object.keys(goals), ...Object.keys(tolerance)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const [goal, most] = [ownMember(goals, name), ownMember(tolerance, name)];
      return [name, { ...(goal === undefined ? {} : { goal }), ...(most === undefined ? {} : { tolerance: most }) }];
    }),
  );
}

/** What an instance does, with what, and what it gives. */
type Parts = Pick<Draft, 'params' | 'numbers' | 'work' | 'outputs'>;

async function partsOf(
  node: FileNode,
  own: readonly NodeOverride[],
  stage: FoundStage | undefined,
  { at, shared }: { readonly at: AtPoint; readonly shared: SharedParts },
): Promise<Parts> {
  const written = node.with ?? {};
  const { given, numbers, locate } = own.length === 0 ? filedParams(written, stage, at) : await givenParams(written, own, stage, at);
  const context = locate === at.context.locate ? at.context : { ...at.context, locate };
  if (stage === undefined) {
    const { work, outputs } = shared.command(given, { ...at, context });
    return { params: given, ...(numbers.length === 0 ? {} : { numbers }), work, outputs };
  }
  return stageWork(node, stage, given, { ...context, pointer: `${at.base}/with` });
}

/** How the numbers of a point, beside those of the params, are written that JSON would write otherwise. */
function textsAt(key: Key, texts: Points['texts'], context: NodeContext): ReadonlyMap<string, string> {
  const numbers: (readonly [string, string])[] = [];
  for (const variable in key) {
    const text = texts.get(variable)?.get(key[variable] ?? null);
    if (text !== undefined) numbers.push([variable, text]);
  }
  return numbers.length === 0 ? context.texts : new Map([...context.texts, ...numbers]);
}

function isOn(node: FileNode, scope: Scope, base: string, context: NodeContext): boolean {
  return Object.entries(node.when ?? {}).every(([variable, condition]) => {
    const value = valueNamed(variable, scope.values);
    if (value === undefined) {
      context.problems.push(
        context.locate.problem(
          'unknown-reference',
          `nothing is named "${variable}"`,
          `${base}/when${pointerStep(variable)}`,
          'key',
          partHint(variable, scope.values),
        ),
      );
      return false;
    }
    return meets(value, fillInAt(condition, scope, `${base}/when${pointerStep(variable)}`, context));
  });
}

interface PointOverride {
  readonly override: NodeOverride;
  readonly keys: ReadonlySet<Key> | undefined;
}

function overridesAt(key: Key, overrides: readonly PointOverride[]): NodeOverride[] {
  return overrides.filter(({ keys }) => keys === undefined || keys.has(key)).map(({ override }) => override);
}

/** The overrides for a node, each with the points that it is for; undefined: for all. */
function overridesOf(name: string, points: readonly Key[], { overrides }: NodeContext): readonly PointOverride[] {
  const all = points.map((key) => ({ key }));
  return overrides
    .filter(({ node }) => node === name)
    .map((override) => {
      const { point } = override;
      return { override, keys: point === undefined ? undefined : new Set(atPoint(all, point).map(({ key }) => key)) };
    });
}

/** The params of an instance, and where each comes from. */
interface Given {
  readonly given: JsonObject;
  /** Those that are numbers and are given as texts. */
  readonly numbers: readonly string[];
  readonly locate: Locate;
}

/** The params that the file and overrides give an instance. */
async function givenParams(
  written: JsonObject,
  overrides: readonly NodeOverride[],
  stage: FoundStage | undefined,
  at: AtPoint,
): Promise<Given> {
  const pointerOf = (param: string): string => `${at.base}/with${pointerStep(param)}`;
  const locate = at.context.locate.withOptions(overrides.map(({ param, option }) => [pointerOf(param), option]));
  const context = { ...at.context, locate };
  const { params: set, numbers } = overriddenParams(
    overrides,
    {
      schemas: stage && (await settableSchemas(stage, overrides, context.cache)),
      current: (param) => (written[param] === undefined ? undefined : fillIn(written[param], at.scope, () => undefined)),
      fill: (value, param) => fillInAt(value, at.scope, pointerOf(param), context),
    },
    context.problems,
  );
  const others = Object.fromEntries(Object.entries(written).filter(([param]) => !Object.hasOwn(set, param)));
  const filed = filedParams(others, stage, { ...at, context });
  return { given: { ...filed.given, ...set }, numbers: [...filed.numbers, ...numbers].sort(), locate };
}

/** The params that the file alone gives an instance. A command is given numbers as they are written. */
function filedParams(written: JsonObject, stage: FoundStage | undefined, { scope, base, context }: AtPoint): Given {
  const { locate } = context;
  const filed = (fillInAt(written, scope, `${base}/with`, context) ?? {}) as JsonObject;
  if (stage !== undefined) return { given: filed, numbers: [], locate };
  const numbers: string[] = [];
  let given: Record<string, Json> | undefined;
  for (const param of Object.keys(filed)) {
    const value = filed[param] ?? null;
    const own = typeof value === 'number' ? locate.written.get(`${base}/with${pointerStep(param)}`) : undefined;
    const shown = asWritten(value, { raw: written[param] ?? null, own, texts: scope.texts });
    if (shown === value) continue;
    given ??= { ...filed };
    given[param] = shown;
    numbers.push(param);
  }
  return { given: given ?? filed, numbers: numbers.sort(), locate };
}

async function stageWork(
  node: FileNode,
  stage: FoundStage,
  given: JsonObject,
  context: NodeContext & { readonly pointer: string },
): Promise<Pick<Draft, 'params' | 'work' | 'outputs'>> {
  const { params, modules } = await stageParams(given, { ...context, stage });
  const { outputs } = stage.declaration;
  return {
    params,
    outputs,
    work: { kind: 'stage', stage: node.uses ?? '', folder: stage.folder, declaration: stage.declaration, modules },
  };
}
