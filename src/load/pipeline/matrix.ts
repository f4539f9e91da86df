import { canonicalJson, sortedKeys } from '../../model/canonical.ts';
import { isObject } from '../../files/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Instance, Key } from '../../model/pipeline.ts';
import { type Matrix, pointsOf } from '../../model/matrix-points.ts';
import type { Problem } from '../../model/problem.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { suggestion } from '../../text/suggestion.ts';
import type { Locate } from '../yaml/locate.ts';
import { fillInAt, type NodeContext, scopeOf } from './context.ts';
import type { FileNode } from './file-node.ts';
import { asWritten } from './references.ts';

/** The index of a value that stands twice in a matrix variable, or -1. */
function duplicateIndex(values: readonly Json[]): number {
  const seen = new Set<string>();
  return values.findIndex((value) => {
    const text = canonicalJson(value);
    if (seen.has(text)) return true;
    seen.add(text);
    return false;
  });
}

const indexes = new WeakMap<object, Map<string, Map<string, readonly Instance[]>>>();

/** The texts of a point's values of some variables; undefined where it has not all of them. */
function textOf(point: Key, names: readonly string[]): string | undefined {
  let text = '';
  for (const name of names) {
    if (!Object.hasOwn(point, name)) return undefined;
    const value = point[name];
    text += typeof value === 'number' ? `${value}\n` : `${canonicalJson(value)}\n`;
  }
  return text;
}

/** Those of a node's instances whose points have the given point's values of some variables: looked up, since many nodes may ask. */
export function having(instances: readonly Instance[], names: readonly string[], point: Key): readonly Instance[] {
  if (names.length === 0) return instances;
  const known = indexes.get(instances) ?? new Map<string, Map<string, Instance[]>>();
  indexes.set(instances, known);
  const of = names.join(' ');
  let index = known.get(of);
  if (index === undefined) {
    const made = new Map<string, Instance[]>();
    for (const instance of instances) {
      const text = textOf(instance.key, names);
      if (text === undefined) continue;
      const before = made.get(text);
      if (before === undefined) made.set(text, [instance]);
      else before.push(instance);
    }
    index = made;
    known.set(of, made);
  }
  return index.get(textOf(point, names) ?? '') ?? [];
}

const alike = new WeakMap<object, readonly (readonly Instance[])[]>();

/** Instances by the variables that their points have, which differ where an `include` gives some of them more. */
export function alikeInstances(instances: readonly Instance[]): readonly (readonly Instance[])[] {
  if (instances.length < 2) return [instances];
  let groups = alike.get(instances);
  if (groups === undefined) {
    const found = new Map<string, Instance[]>();
    for (const instance of instances) {
      const variables = sortedKeys(instance.key).join(' ');
      const before = found.get(variables);
      if (before === undefined) found.set(variables, [instance]);
      else before.push(instance);
    }
    groups = found.size === 1 ? [instances] : [...found.values()];
    alike.set(instances, groups);
  }
  return groups;
}

/** The points of a node's matrix, and how the numbers of each variable are written that JSON would write otherwise. */
export interface Points {
  readonly points: readonly Key[];
  readonly texts: ReadonlyMap<string, ReadonlyMap<Json, string>>;
}

/** A pipeline of more instances is refused: planning takes some tens of microseconds for each. */
const MOST_INSTANCES = 100_000;

/** A node's matrix with its references filled in; undefined where something is wrong with it, which is told. */
function readMatrix({ matrix = {} }: FileNode, pointer: string, context: NodeContext): Matrix | undefined {
  const before = context.problems.length;
  const { include = [], exclude = [], ...variables } = (fillInAt(matrix, scopeOf(context), pointer, context) ?? {}) as JsonObject;
  const wrong = (code: ProblemCode, message: string, at: string, side: 'key' | 'value', hint: string): void => {
    context.problems.push(context.locate.problem(code, message, pointer + at, side, hint));
  };
  for (const [variable, values] of Object.entries(variables)) {
    if (Array.isArray(values) && values.length > 0) continue;
    const what = Array.isArray(values) ? 'has no values' : 'must be a list';
    const hint =
      typeof values === 'string' ? `write ${variable}: [${values}], or $name of a param that is a list` : 'write [first, second]';
    wrong('wrong-type', `"${variable}" ${what}`, pointerStep(variable), 'value', hint);
  }
  for (const [key, points] of Object.entries({ include, exclude })) {
    if (Array.isArray(points) && points.every((one: Json) => isObject(one) && Object.keys(one).length > 0)) continue;
    const hint = `a list of points, or $name of a param that is one: ${key}: [{ ${Object.keys(variables)[0] ?? 'size'}: … }]`;
    wrong('wrong-type', `"${key}" must be a list of mappings`, `/${key}`, 'value', hint);
  }
  if (context.problems.length > before) return undefined;
  for (const [index, part] of (exclude as readonly JsonObject[]).entries()) {
    const stray = Object.keys(part).find((name) => !Object.hasOwn(variables, name));
    if (stray === undefined) continue;
    const hint = suggestion(stray, Object.keys(variables));
    wrong('unknown-key', `the matrix has no variable "${stray}"`, `/exclude/${index}${pointerStep(stray)}`, 'key', hint);
  }
  if (context.problems.length > before) return undefined;
  return { variables, include, exclude } as Matrix;
}

/** The points of a node's matrix beside so many instances of other nodes; none where there are too many. */
export function matrixPoints(node: FileNode, base: string, context: NodeContext, others: number): Points {
  const pointer = `${base}/matrix`;
  const none: Points = { points: [], texts: new Map() };
  const matrix = readMatrix(node, pointer, context);
  if (matrix === undefined) return none;
  const count = Object.values(matrix.variables).reduce((product, { length }) => product * length, 1) + matrix.include.length;
  if (others + count > MOST_INSTANCES) {
    const most = MOST_INSTANCES.toLocaleString('en');
    const [message, hint] =
      count > MOST_INSTANCES
        ? [`the matrix has ${count.toLocaleString('en')} points`, `at most ${most}`]
        : [`with this node the pipeline has ${(others + count).toLocaleString('en')} instances`, `at most ${most}`];
    context.problems.push(
      context.locate.problem(
        'matrix-too-large',
        message,
        node.matrix === undefined ? base : pointer,
        'key',
        `${hint}: leave values out, or sweep over some of the variables`,
      ),
    );
    return none;
  }
  const before = context.problems.length;
  for (const [variable, values] of Object.entries(matrix.variables)) {
    const at = duplicateIndex(values);
    if (at !== -1) context.problems.push(twicePoint(values[at] ?? null, `${pointer}${pointerStep(variable)}/${at}`, context.locate));
  }
  if (context.problems.length > before) return none;
  const points = pointsOf(matrix);
  const twice = matrix.include.length === 0 ? -1 : duplicateIndex(points);
  if (twice !== -1) context.problems.push(twicePoint(points[twice] ?? null, `${pointer}/include`, context.locate));
  return twice === -1 ? { points, texts: textsOf(node, matrix, pointer, context) } : none;
}

/** How the numbers of each variable are written that JSON would write otherwise. */
function textsOf(node: FileNode, matrix: Matrix, pointer: string, context: NodeContext): Points['texts'] {
  const texts = new Map<string, Map<Json, string>>();
  const { texts: ofParams } = scopeOf(context);
  if ((ofParams?.size ?? 0) === 0 && context.locate.written.size === 0) return texts;
  const note = (variable: string, value: Json, at: { readonly raw: Json; readonly pointer: string }): void => {
    const text = asWritten(value, { raw: at.raw, own: context.locate.written.get(at.pointer), texts: ofParams });
    if (typeof value !== 'number' || typeof text !== 'string') return;
    const written = texts.get(variable) ?? new Map<Json, string>();
    texts.set(variable, written.set(value, text));
  };
  for (const [variable, values] of Object.entries(matrix.variables)) {
    const raws = node.matrix?.[variable] ?? [];
    for (const [index, value] of values.entries()) {
      const raw = typeof raws === 'string' ? `${raws}.${index}` : (raws[index] ?? null);
      note(variable, value, { raw, pointer: pointer + pointerStep(variable) + pointerStep(index) });
    }
  }
  const included = (node.matrix?.['include'] ?? []) as readonly JsonObject[] | string;
  for (const [index, point] of matrix.include.entries())
    for (const [variable, value] of Object.entries(point))
      note(variable, value, {
        raw: (typeof included === 'string' ? `${included}.${index}.${variable}` : included[index]?.[variable]) ?? null,
        pointer: `${pointer}/include/${index}${pointerStep(variable)}`,
      });
  return texts;
}

function twicePoint(value: Json, pointer: string, locate: Locate): Problem {
  return locate.problem(
    'duplicate-point',
    `${JSON.stringify(value)} stands twice in the matrix`,
    pointer,
    'value',
    'remove one of the two',
  );
}
