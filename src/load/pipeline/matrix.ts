import { canonicalJson } from '../../model/canonical.ts';
import type { Json } from '../../model/json.ts';
import type { Instance, Key } from '../../model/pipeline.ts';
import { combinations } from '../../model/combinations.ts';
import type { Problem } from '../../model/problem.ts';
import { pointerStep } from '../../text/json-pointer.ts';
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

/** The points of a node's matrix, and how the numbers of each variable are written that JSON would write otherwise. */
export interface Points {
  readonly points: readonly Key[];
  readonly texts: ReadonlyMap<string, ReadonlyMap<Json, string>>;
}

/** A pipeline of more instances is refused: planning takes some tens of microseconds for each. */
const MOST_INSTANCES = 100_000;

/** The points of a node's matrix beside so many instances of other nodes; none where there are too many. */
export function matrixPoints(node: FileNode, base: string, context: NodeContext, others: number): Points {
  const scope = scopeOf(context);
  const matrix = (fillInAt(node.matrix ?? {}, scope, `${base}/matrix`, context) ?? {}) as Readonly<Record<string, readonly Json[]>>;
  const count = Object.values(matrix).reduce((product, { length }) => product * length, 1);
  if (others + count > MOST_INSTANCES) {
    const most = MOST_INSTANCES.toLocaleString('en');
    const [message, hint] =
      count > MOST_INSTANCES
        ? [`the matrix has ${count.toLocaleString('en')} points`, `at most ${most}`]
        : [`with this node the pipeline has ${(others + count).toLocaleString('en')} instances`, `at most ${most}`];
    const pointer = node.matrix === undefined ? base : `${base}/matrix`;
    context.problems.push(
      context.locate.problem('matrix-too-large', message, pointer, 'key', `${hint}: leave values out, or sweep over some of the variables`),
    );
    return { points: [], texts: new Map() };
  }
  const texts = new Map<string, Map<Json, string>>();
  let isTwice = false;
  for (const [variable, values] of Object.entries(matrix)) {
    const pointer = `${base}/matrix${pointerStep(variable)}`;
    const twice = duplicateIndex(values);
    isTwice ||= twice !== -1;
    if (twice !== -1) context.problems.push(twicePoint(values[twice] ?? null, pointer + pointerStep(twice), context.locate));
    const raws = node.matrix?.[variable] ?? [];
    const written = new Map<Json, string>();
    for (const [index, value] of values.entries()) {
      const text = asWritten(value, {
        raw: raws[index] ?? null,
        own: context.locate.written.get(pointer + pointerStep(index)),
        texts: scope.texts,
      });
      if (typeof value === 'number' && typeof text === 'string') written.set(value, text);
    }
    texts.set(variable, written);
  }
  return { points: isTwice ? [] : combinations(matrix), texts };
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
