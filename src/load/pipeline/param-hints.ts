import { dottedParams, keyWithDots } from '../../model/dotted.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { suggestion } from '../../text/suggestion.ts';
import { type Names, valueNamed } from './references.ts';

/** What may be meant by a name: of one with dots, those of the parts of what its beginning stands for. */
function namesLike(name: string, names: Names): string[] {
  const [first = ''] = name.split('.');
  const value = names.get(first);
  const known = first === name || value === undefined || typeof value !== 'object' ? names.keys() : partsOf(first, value);
  // No name leads to a key with a dot in it.
  return [...known].filter((one) => valueNamed(one, names) !== undefined);
}

function partsOf(name: string, value: Json): string[] {
  if (Array.isArray(value)) return value.map((_, index) => `${name}.${index}`);
  return Object.keys(dottedParams({ [name]: value }));
}

/** What may be meant by a name that nothing has. */
export function partHint(name: string, names: Names): string {
  const values = Object.fromEntries([...names.keys()].map((one) => [one, names.get(one) ?? null]));
  return dottedKeyHint(name.split('.'), values) ?? suggestion(name, namesLike(name, names));
}

/** What to do about a key with a dot in it that a path would lead to; undefined: there is none. */
export function dottedKeyHint(path: readonly string[], values: JsonObject): string | undefined {
  const key = keyWithDots(values, path);
  if (key === undefined) return undefined;
  const steps = key.split('.');
  return `"${key}" is one key with a dot in it, which no name leads to: write ${steps.join(': { ')}: …${' }'.repeat(steps.length - 1)}`;
}

/** What may be meant by a part that a value has not: of a list, its entries. */
export function knownParts(step: string, known: readonly string[]): string {
  const isList = known.length > 0 && known.every((one, index) => one === String(index));
  return isList ? `its entries are 0 to ${known.length - 1}` : suggestion(step, known);
}
