import { isObject } from '../files/json.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { DvcStage } from './stage.ts';

/** Stages that become one node: alone, or at the points of its matrix. */
export interface Folded {
  readonly stages: readonly [DvcStage, ...DvcStage[]];
  readonly matrix?: JsonObject;
  /** The point of each stage, by the names of the matrix. */
  readonly points: readonly (JsonObject | undefined)[];
}

const VARIABLE = /^[a-z][a-z0-9_]*$/;

/** How a matrix calls what a stage refers to as `item.lr`; undefined where it cannot. */
export function variableOf(reference: string): string | undefined {
  const name = reference.replace(/^item\./, '');
  return VARIABLE.test(name) ? name : undefined;
}

/** Puts the stages that `foreach` and `matrix` make into one node each, where they differ in nothing but the values that they were made with. */
export function foldStages(stages: readonly DvcStage[], values: JsonObject): Folded[] {
  const groups = new Map<string, DvcStage[]>();
  for (const stage of stages) groups.set(stage.group, [...(groups.get(stage.group) ?? []), stage]);
  return [...groups.values()].flatMap(
    (group) => fold(group, values) ?? group.map((one): Folded => ({ stages: [one], points: [undefined] })),
  );
}

function fold(group: readonly DvcStage[], values: JsonObject): Folded | undefined {
  const [first, ...others] = group;
  if (first?.point === undefined) return undefined;
  const points = group.map(pointOf);
  if (points.some((point) => point === undefined) || new Set(points.map((point) => canonicalJson(point ?? null))).size < points.length)
    return undefined;
  const known = points as JsonObject[];
  const names = Object.keys(known[0] ?? {});
  const isUniform = known.every((point) => Object.keys(point).join() === names.join());
  // A variable would hide a param of the same name.
  if (!isUniform || names.length === 0 || names.some((name) => Object.hasOwn(values, name) || name === 'include' || name === 'exclude'))
    return undefined;
  const alike = (stage: DvcStage): string =>
    canonicalJson([stage.deps.map(({ path }) => path), stage.params.map(({ file, keys }) => [file, keys ?? null]), stage.folder]);
  if (others.some((one) => alike(one) !== alike(first))) return undefined;
  const references = [...first.commands, ...first.outs.map(({ pieces }) => pieces)]
    .flat()
    .flatMap(({ name }) => (name === undefined ? [] : [name]));
  const own = references.filter((name) => first.own.includes(name.split('.')[0] ?? ''));
  if (first.own.some((name) => name !== 'item' && name !== 'key') || own.some((name) => !names.includes(variableOf(name) ?? '')))
    return undefined;
  return { stages: [first, ...others], points: known, matrix: matrixOf(first, known, names) };
}

function isScalar(value: Json | undefined): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

/** The values of a stage as a point of a matrix: only plain ones have names that anyone would read. */
function pointOf({ point }: DvcStage): JsonObject | undefined {
  const { key, item } = point?.values ?? {};
  const keyed = point?.kind === 'foreach' && typeof key === 'string' ? { key } : {};
  if (isScalar(item)) return { ...keyed, item: item as Json };
  if (!isObject(item)) return undefined;
  const members = Object.entries(item as JsonObject);
  return members.every(([name, value]) => VARIABLE.test(name) && isScalar(value)) && !members.some(([name]) => name === 'key')
    ? { ...keyed, ...(item as JsonObject) }
    : undefined;
}

/** The matrix of a node: the values of each variable, or the points where not all combinations are meant. */
function matrixOf({ point }: DvcStage, points: readonly JsonObject[], names: readonly string[]): JsonObject {
  if (point?.kind !== 'matrix' && names.length > 1) return { include: points as Json[] };
  const valuesOf = (name: string): Json[] => [...new Set(points.map((one) => one[name] ?? null))];
  return Object.fromEntries(names.map((name) => [name, valuesOf(name)]));
}
