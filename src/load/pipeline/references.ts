import type { Json } from '../../model/json.ts';

import { valueAt } from '../../model/dotted.ts';

/** Values by name. */
export type Names = Pick<ReadonlyMap<string, Json>, 'get' | 'keys' | 'size'>;

/** What a text of the file may refer to. */
export interface Scope {
  /** Matrix variables and params. */
  readonly values: Names;
  /** How those are written that are numbers which JSON would write otherwise. */
  readonly texts?: ReadonlyMap<string, string>;
  /** What may still be made of references; undefined: anything. */
  readonly room?: Room;
}

/** How much may be made of a file: each value counts one, and so do 64 letters. What makes something takes of it. */
export interface Room {
  left: number;
}

/** So many values may be made of one file: short references could stand for any number. */
export const ROOM = 1_000_000;

/** A reference that doesn't resolve, a dollar that is none, or more than there is room for. */
export interface BadReference {
  readonly code: 'unknown-reference' | 'stray-dollar' | 'too-many';
  readonly message: string;
  readonly name?: string;
}

type Complain = (bad: BadReference, path: readonly (string | number)[]) => void;

const NAME = '[A-Za-z_][A-Za-z0-9_-]*(?:\\.[A-Za-z0-9_-]+)*';
const WHOLE = new RegExp(`^\\$(${NAME})$`);
const PART = new RegExp(`\\$(?:\\$|\\{(${NAME})\\}|)`, 'g');

/** The name that a text refers to as a whole: of a param or variable, with dots of what it holds. Undefined: it is no reference. */
export function referenceIn(text: Json | undefined): string | undefined {
  return typeof text === 'string' ? WHOLE.exec(text)?.[1] : undefined;
}

/** The value that a name stands for, or a part of one; undefined where there is none. */
export function valueNamed(name: string, values: Names): Json | undefined {
  const [first = '', ...path] = name.split('.');
  return valueAt(values.get(first), path);
}

const sizes = new WeakMap<object, number>();

/** How much room a value takes. */
function sizeOf(value: Json): number {
  if (typeof value === 'string') return 1 + value.length / 64;
  if (value === null || typeof value !== 'object') return 1;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  let size = 1;
  for (const [key, member] of Object.entries(value)) size += key.length / 64 + sizeOf(member);
  sizes.set(value, size);
  return size;
}

/** Takes room; false where there is none left. */
function takes({ room }: Scope, size: number): boolean {
  if (room === undefined) return true;
  room.left -= size;
  return room.left >= 0;
}

/** Complains of a file that has no room left; what is asked for is not made. */
function noRoom(complain: Complain, path: readonly (string | number)[]): Json {
  complain(
    { code: 'too-many', message: `with its references and matrices this file makes more than ${ROOM.toLocaleString('en')} values` },
    path,
  );
  return null;
}

/** How many values each list or mapping without a dollar holds, itself included; of one with a dollar, 0. Those of few are counted anew each time. */
const plain = new WeakMap<object, number>();

/** So many values are counted in less time than it takes to remember how many they are. */
const FEW = 8;

function valuesIfPlain(value: Json): number {
  if (typeof value === 'string') return value.includes('$') ? 0 : 1;
  if (value === null || typeof value !== 'object') return 1;
  const known = plain.get(value);
  if (known !== undefined) return known;
  let count = 1;
  for (const member of Object.values(value)) {
    const inner = valuesIfPlain(member);
    count = inner === 0 || count === 0 ? 0 : count + inner;
  }
  if (count === 0 || count > FEW) plain.set(value, count);
  return count;
}

/** Whether nothing in a value refers to anything, so that it is the same wherever it is filled in. */
export function isPlain(value: Json): boolean {
  return valuesIfPlain(value) > 0;
}

/**
 * Fills in the references of a value: `$name` as a whole value keeps its type, `${name}` inside a text is written out, `$$` is a dollar. `$name.part` is a part of a mapping or list.
 * Lists and mappings are filled in throughout; where nothing refers to anything, that is the value itself.
 */
export function fillIn(value: Json, scope: Scope, complain: Complain, path: readonly (string | number)[] = []): Json {
  const count = typeof value === 'object' ? valuesIfPlain(value) : 0;
  if (!takes(scope, Math.max(count, 1))) return noRoom(complain, path);
  if (count > 0) return value;
  if (typeof value === 'string') return fillInText(value, scope, complain, path);
  if (Array.isArray(value)) return value.map((item: Json, index) => fillIn(item, scope, complain, [...path, index]));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, scope, complain, [...path, key])]));
  }
  return value;
}

/** How often a text holds a dollar. */
function dollarsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at + 1)) count += 1;
  return count;
}

function fillInText(text: string, scope: Scope, complain: Complain, path: readonly (string | number)[]): Json {
  if (!text.includes('$')) return text;
  if (!takes(scope, dollarsIn(text) * 2)) return noRoom(complain, path);
  const whole = referenceIn(text);
  // A text tells each of its faults once, however often it holds them.
  const told = new Set<string | undefined>();
  const bad = (found: string, name?: string): string => {
    if (!told.has(name))
      complain(
        name === undefined
          ? { code: 'stray-dollar', message: 'this "$" refers to nothing' }
          : { code: 'unknown-reference', message: `nothing is named "${name}"`, name },
        path,
      );
    told.add(name);
    return found;
  };
  // A value may be null, which is not the same as none.
  if (whole !== undefined) {
    const value = valueNamed(whole, scope.values);
    return value === undefined ? bad(text, whole) : takes(scope, sizeOf(value)) ? value : noRoom(complain, path);
  }
  let isFull = false;
  const filled = text.replaceAll(PART, (found, name: string | undefined) => {
    if (found === '$$') return '$';
    const value = name === undefined ? undefined : valueNamed(name, scope.values);
    if (name === undefined || value === undefined) return bad(found, name);
    isFull ||= !takes(scope, sizeOf(value));
    if (isFull) return '';
    return typeof value === 'string' ? value : (scope.texts?.get(name) ?? JSON.stringify(value));
  });
  return isFull ? noRoom(complain, path) : filled;
}

/** A number as it is written: itself, or by the param or variable that the whole value refers to. Anything else as it is filled in. */
export function asWritten(
  filled: Json,
  { raw, own, texts }: { readonly raw: Json; readonly own: string | undefined; readonly texts: Scope['texts'] },
): Json {
  if (typeof filled !== 'number') return filled;
  const name = referenceIn(raw);
  return (name === undefined ? own : texts?.get(name)) ?? filled;
}
