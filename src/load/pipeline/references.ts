import type { Json } from '../../model/json.ts';

/** What a text of the file may refer to. */
export interface Scope {
  /** Matrix variables and params. */
  readonly values: ReadonlyMap<string, Json>;
}

/** A reference that doesn't resolve, or a dollar that is none. */
export interface BadReference {
  readonly code: 'unknown-reference' | 'stray-dollar';
  readonly message: string;
  readonly name?: string;
}

const WHOLE = /^\$([a-z][a-z0-9_-]*)$/;
const PART = /\$(?:\$|\{([a-z][a-z0-9_-]*)\}|)/g;

/**
 * Fills in the references of a value: `$name` as a whole value keeps its type, `${name}` inside a text is written out, `$$` is a dollar.
 * Lists and mappings are filled in throughout.
 */
export function fillIn(
  value: Json,
  scope: Scope,
  complain: (bad: BadReference, path: readonly (string | number)[]) => void,
  path: readonly (string | number)[] = [],
): Json {
  if (typeof value === 'string') return fillInText(value, scope, (bad) => complain(bad, path));
  if (Array.isArray(value)) return value.map((item: Json, index) => fillIn(item, scope, complain, [...path, index]));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, scope, complain, [...path, key])]));
  }
  return value;
}

function fillInText(text: string, scope: Scope, complain: (bad: BadReference) => void): Json {
  if (!text.includes('$')) return text;
  const whole = WHOLE.exec(text)?.[1];
  // A text tells each of its faults once, however often it holds them.
  const told = new Set<string | undefined>();
  const bad = (found: string, name?: string): string => {
    if (!told.has(name))
      complain(
        name === undefined
          ? { code: 'stray-dollar', message: 'this "$" refers to nothing' }
          : { code: 'unknown-reference', message: `nothing is named "${name}"`, name },
      );
    told.add(name);
    return found;
  };
  // A value may be null, which is not the same as none.
  if (whole !== undefined) return scope.values.has(whole) ? (scope.values.get(whole) as Json) : bad(text, whole);
  return text.replaceAll(PART, (found, name: string | undefined) => {
    if (found === '$$') return '$';
    const value = name === undefined ? undefined : scope.values.get(name);
    if (value === undefined) return bad(found, name);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}
