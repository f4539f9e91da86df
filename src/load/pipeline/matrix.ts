import { canonicalJson } from '../../model/canonical.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Key } from '../../model/pipeline.ts';

/** The index of a value that stands twice in a matrix variable, or -1. */
export function duplicateIndex(values: readonly Json[]): number {
  const seen = new Set<string>();
  return values.findIndex((value) => {
    const text = canonicalJson(value);
    if (seen.has(text)) return true;
    seen.add(text);
    return false;
  });
}

/** Whether a point has the given values, variable by variable. */
export function pointHas(point: Key, values: JsonObject): boolean {
  return Object.entries(values).every(([name, value]) => Object.hasOwn(point, name) && canonicalJson(point[name]) === canonicalJson(value));
}
