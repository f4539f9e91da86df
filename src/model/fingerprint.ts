import { canonicalJson, digestOf, exactJson, sha256, sortedKeys } from './canonical.ts';
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

/** The JSON of ingredients that many works have in common, or that one is asked about twice: nobody changes what was made. */
const written = { params: new WeakMap<object, string>(), others: new WeakMap<object, string>() };

/** The canonical JSON of ingredients as they are given. */
function ingredientsJson(ingredients: Partial<Ingredients>): string {
  const json = (name: string): string => {
    const part = ingredients[name as keyof Ingredients];
    if (name === 'inputs') return canonicalJson(inputsAsGiven(part as Ingredients['inputs']));
    if (part === null || typeof part !== 'object') return canonicalJson(part);
    const known = name === 'params' ? written.params : written.others;
    const text = known.get(part) ?? canonicalJson(name === 'params' ? asGiven(part as JsonObject) : part);
    known.set(part, text);
    return text;
  };
  // Their names are plain words, which JSON quotes as they are.
  return `{${sortedKeys(ingredients)
    .map((name) => `"${name}":${json(name)}`)
    .join(',')}}`;
}

/**
 * The key of a piece of work: the digest of all that it is given. Names that are declared (params, ports, variables) are without order;
 * what stands in params and matrix points counts as it is written.
 */
export function fingerprintOf(ingredients: Ingredients): string {
  return sha256(ingredientsJson(ingredients));
}

const workDigests = new WeakMap<object, string>();

/** Digest of all ingredients but the inputs: results of the same work on other inputs share it. */
export function workDigestOf(own: Omit<Ingredients, 'inputs'>): string {
  const digest = workDigests.get(own) ?? sha256(ingredientsJson(own));
  workDigests.set(own, digest);
  return digest;
}

/** Whether two inputs are the same to a work. */
export function isSameInput(a: Ingredients['inputs'][string] | undefined, b: Ingredients['inputs'][string]): boolean {
  return a !== undefined && digestOf(inputsAsGiven({ a })) === digestOf(inputsAsGiven({ a: b }));
}
