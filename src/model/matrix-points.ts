import { canonicalJson } from './canonical.ts';
import { combinations } from './combinations.ts';
import type { Json, JsonObject } from './json.ts';

/** The matrix of a node, references filled in. */
export interface Matrix {
  /** The values of each variable. */
  readonly variables: Readonly<Record<string, readonly Json[]>>;
  readonly include: readonly JsonObject[];
  readonly exclude: readonly JsonObject[];
}

function isSame(a: Json | undefined, b: Json): boolean {
  return a === b || (a !== undefined && canonicalJson(a) === canonicalJson(b));
}

/**
 * The points of a matrix: each combination of its values, without those that an `exclude` describes in part or whole. An `include` adds what
 * it has more to every combination with which it agrees, and is a point of its own where it agrees with none, as in GitHub Actions.
 */
export function pointsOf({ variables, include, exclude }: Matrix): JsonObject[] {
  const all = Object.keys(variables).length === 0 && include.length > 0 ? [] : combinations(variables);
  const crossed = exclude.length === 0 ? all : all.filter((point) => !exclude.some((part) => hasAll(point, part)));
  if (include.length === 0) return crossed;
  const extended = [...crossed];
  const added: JsonObject[] = [];
  for (const more of include) {
    const fitting = crossed.flatMap((point, index) => (agrees(point, more) ? [index] : []));
    for (const index of fitting) extended[index] = { ...extended[index], ...more };
    if (fitting.length === 0) added.push(more);
  }
  return [...extended, ...added];
}

function hasAll(point: JsonObject, part: JsonObject): boolean {
  return Object.entries(part).every(([name, value]) => isSame(point[name], value));
}

function agrees(point: JsonObject, more: JsonObject): boolean {
  return Object.entries(more).every(([name, value]) => !Object.hasOwn(point, name) || isSame(point[name], value));
}
