import { canonicalJson } from './canonical.ts';
import type { Json, JsonObject } from './json.ts';

/** Whether a value meets a `when` condition: a value, a list of values, or bounds. */
export function meets(value: Json, condition: Json): boolean {
  if (Array.isArray(condition)) return condition.some((one) => canonicalJson(one) === canonicalJson(value));
  if (condition === null || typeof condition !== 'object') return canonicalJson(condition) === canonicalJson(value);
  return Object.entries(condition as JsonObject).every(([bound, limit]) => {
    if (bound === 'not') return !meets(value, limit);
    if (typeof value !== 'number' || typeof limit !== 'number') return false;
    if (bound === 'above') return value > limit;
    if (bound === 'below') return value < limit;
    return bound === 'min' ? value >= limit : value <= limit;
  });
}
