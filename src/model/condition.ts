import { canonicalJson } from './canonical.ts';
import type { Json, JsonObject } from './json.ts';

/** Whether a value meets a `when` condition: a value, a list of values, or bounds. A choice with params meets its name. */
export function meets(value: Json, condition: Json): boolean {
  if (Array.isArray(condition)) return condition.some((one) => isSame(value, one as Json));
  if (condition === null || typeof condition !== 'object') return isSame(value, condition);
  return Object.entries(condition as JsonObject).every(([bound, limit]) => {
    if (bound === 'not') return !meets(value, limit);
    if (typeof value !== 'number' || typeof limit !== 'number') return false;
    if (bound === 'above') return value > limit;
    if (bound === 'below') return value < limit;
    return bound === 'min' ? value >= limit : value <= limit;
  });
}

function isSame(value: Json, wanted: Json): boolean {
  const isNamed = typeof wanted === 'string' && value !== null && typeof value === 'object' && (value as JsonObject)['name'] === wanted;
  return isNamed || canonicalJson(wanted) === canonicalJson(value);
}
