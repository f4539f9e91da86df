import { canonicalJson } from './canonical.ts';
import type { Json, JsonObject } from './json.ts';

/** What facts or ingredients say of engines. Those of format 1 know TensorFlow alone, under its name. */
interface OfEngines {
  readonly engines?: Readonly<Record<string, JsonObject>>;
  readonly tensorflow?: JsonObject | null;
}

type Named = Readonly<Record<string, string>>;

/** The engines with all that is known of each: `engine tensorflow version`, and likewise the variables by their names. */
export function namedEngines({ engines, tensorflow }: OfEngines): Named {
  const known = engines ?? (tensorflow === undefined || tensorflow === null ? {} : { tensorflow });
  const named = Object.entries(known).map(([name, { environment, ...facts }]) =>
    flat({ ...facts, ...(environment as JsonObject) }, `engine ${name}`),
  );
  return Object.assign({}, ...named) as Named;
}

/** What a record knows of where its run was executed: `platform`, `machine cpu`, `engine tensorflow version`. */
export function namedFacts({ engines, tensorflow, ...facts }: JsonObject): Named {
  return { ...flat(facts, ''), ...namedEngines({ engines, tensorflow } as OfEngines) };
}

/** Nested values as one level of texts. */
function flat(value: Json | undefined, name: string): Named {
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return { [name]: typeof value === 'string' ? value : canonicalJson(value) };
  const members = Object.entries(value).map(([key, inner]) => flat(inner, name === '' ? key : `${name} ${key}`));
  return Object.assign({}, ...members) as Named;
}
