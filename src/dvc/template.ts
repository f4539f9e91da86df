import { isObject } from '../files/json.ts';
import { valueAt } from '../model/dotted.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { shellWord } from '../text/shell-word.ts';

/** A piece of a text of DVC: as it is written, or what a reference was filled in with. */
export interface Piece {
  /** What DVC makes of it. */
  readonly text: string;
  /** The reference, its steps joined by dots; undefined: it is none. */
  readonly name?: string;
  readonly value?: Json;
}

/** A text of DVC with its references filled in. */
export interface Filled {
  readonly pieces: readonly Piece[];
  /** References to what is not there. */
  readonly missing: readonly string[];
}

const REFERENCE = /(?<!\\)\$\{(.*?)\}/g;

/** The value of a text that is nothing but a reference; else undefined. */
export function referred(text: Json | undefined, values: JsonObject): Json | undefined {
  if (typeof text !== 'string') return undefined;
  const whole = /^\s*(?<!\\)\$\{([^}]*)\}\s*$/.exec(text)?.[1];
  return whole === undefined ? undefined : lookUp(nameOf(whole), values);
}

/** Fills in the references of a text, `${train.lr}` and `${list[0]}`, as DVC does. */
export function fill(text: string, values: JsonObject): Filled {
  const pieces: Piece[] = [];
  const missing: string[] = [];
  const plain = (part: string): void => {
    if (part !== '') pieces.push({ text: part.replaceAll('\\${', '${') });
  };
  let end = 0;
  for (const found of text.matchAll(REFERENCE)) {
    plain(text.slice(end, found.index));
    end = found.index + found[0].length;
    const name = nameOf(found[1] ?? '');
    const value = lookUp(name, values);
    if (value === undefined) missing.push(name);
    else pieces.push({ text: textOf(value), name, value });
  }
  plain(text.slice(end));
  return { pieces, missing };
}

/** What DVC makes of a text. */
export function joined(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join('');
}

function nameOf(inner: string): string {
  return inner.trim().replaceAll('[', '.').replaceAll(']', '');
}

function lookUp(name: string, values: JsonObject): Json | undefined {
  return valueAt(values, name.split('.'));
}

/** A value as DVC writes it into a text: Python's words for it, and a mapping as options of a command. */
function textOf(value: Json): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return JSON.stringify(value);
  if (isObject(value))
    return options(value as JsonObject)
      .flatMap(optionText)
      .join(' ');
  return String(value);
}

/** An option that DVC makes of a member of a mapping. */
interface Option {
  /** Its steps, joined by dots. */
  readonly name: string;
  readonly value: Json;
}

/** The options that DVC makes of a mapping. */
export function options(value: JsonObject, before = ''): Option[] {
  return Object.entries(value).flatMap(([key, one]) =>
    isObject(one) ? options(one as JsonObject, `${before}${key}.`) : [{ name: before + key, value: one }],
  );
}

/** How an option is written: one that is off not at all. */
function optionText({ name, value }: Option): string[] {
  const word = (one: Json): string => (typeof one === 'string' ? shellWord(one) : textOf(one));
  if (typeof value === 'boolean') return value ? [`--${name}`] : [];
  if (Array.isArray(value)) return value.length === 0 ? [] : [`--${name} ${value.map(word).join(' ')}`];
  return [`--${name} ${word(value)}`];
}
