import { digestOf, exactJson } from './canonical.ts';
import type { Json, JsonObject } from './json.ts';
import type { Ingredients } from './result.ts';

/** Free values as the texts that are handed over: the order of their keys counts, that of their names does not. */
function asGiven(values: Readonly<Record<string, Json>>): JsonObject {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, exactJson(value)]));
}

function inputsAsGiven(inputs: Ingredients['inputs']): object {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, { many, elements }]) => [
      port,
      { many, elements: elements.map((element) => ({ ...element, key: exactJson(element.key) })) },
    ]),
  );
}

/**
 * The key of a piece of work: the digest of all that it is given. Names that are declared (params, ports, variables) are without order;
 * what stands in params and matrix points counts as it is written.
 */
export function fingerprintOf(ingredients: Ingredients): string {
  const { params, inputs } = ingredients;
  return digestOf({ ...ingredients, params: asGiven(params), inputs: inputsAsGiven(inputs) });
}

/** Digest of all ingredients but the inputs: results of the same work on other inputs share it. */
export function workDigestOf(own: Omit<Ingredients, 'inputs'>): string {
  return digestOf({ ...own, params: asGiven(own.params) });
}

/** Whether two inputs are the same to a work. */
export function isSameInput(a: Ingredients['inputs'][string] | undefined, b: Ingredients['inputs'][string]): boolean {
  return a !== undefined && digestOf(inputsAsGiven({ a })) === digestOf(inputsAsGiven({ a: b }));
}
