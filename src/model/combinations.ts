import type { Json, JsonObject } from './json.ts';

/** Each combination of the values of some names, the first name slowest. A name that does not apply beside the values before it is left out. */
export function combinations(
  valuesOf: Readonly<Record<string, readonly Json[]>>,
  applies: (name: string, before: JsonObject) => boolean = () => true,
): JsonObject[] {
  let found: JsonObject[] = [{}];
  for (const [name, values] of Object.entries(valuesOf))
    found = found.flatMap((point) => (applies(name, point) ? values.map((value) => ({ ...point, [name]: value })) : [point]));
  return found;
}
