import type { Json, JsonObject } from './json.ts';

/**
 * Params by dotted names, as they are set and filtered: of `{ size: 32, loss: { name: focal, gamma: 2 } }` they are `size`, `loss` (focal, the
 * name of what was chosen) and `loss.gamma`. Lists and empty mappings stay whole.
 */
export function dottedParams(params: JsonObject): Record<string, Json> {
  return Object.fromEntries(Object.entries(params).flatMap(([name, value]) => membersOf(name, value)));
}

function membersOf(path: string, value: Json): [path: string, value: Json][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[path, value]];
  const members = Object.entries(value as JsonObject);
  if (members.length === 0) return [[path, value]];
  return members.flatMap(([name, inner]) => membersOf(name === 'name' && typeof inner === 'string' ? path : `${path}.${name}`, inner));
}

/** Whether a value has a member: a mapping by its key, a list by its index. */
export function hasMember(value: Json | undefined, step: string): value is JsonObject {
  return Array.isArray(value)
    ? /^\d+$/.test(step) && Number(step) < value.length
    : value !== null && typeof value === 'object' && Object.hasOwn(value, step);
}

/** The value at a path of keys and indexes; undefined where there is none. */
export function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((at, step) => (hasMember(at, step) ? at[step] : undefined), value);
}

/** The key with dots in it that a path of keys would lead to if its dots were none: of `a.b` in `{ 'a.b': 1 }` that is `a.b`. */
export function keyWithDots(value: Json | undefined, path: readonly string[]): string | undefined {
  for (let from = 0; from < path.length - 1; from += 1) {
    const at = valueAt(value, path.slice(0, from));
    for (let to = path.length; to > from + 1; to -= 1) {
      const key = path.slice(from, to).join('.');
      if (!Array.isArray(at) && hasMember(at, key)) return key;
    }
  }
  return undefined;
}
