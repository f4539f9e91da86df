import { isObject } from '../../files/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { hasMember, valueAt } from '../../model/dotted.ts';
import { readYaml } from '../yaml/document.ts';
import { readPlain } from '../yaml/plain.ts';

/** Problems of a value that would lose something; any other text that is not YAML, or that holds what looks like a comment, is taken as it is. */
const LOSSES: ReadonlySet<string> = new Set(['yaml-integer', 'yaml-number', 'yaml-too-large', 'yaml-duplicate-key']);

/** A value that an option gives, or why it cannot be taken. */
export interface OptionValue {
  readonly value: Json;
  /** How numbers in it are written, by JSON pointer, where JSON would write them otherwise. */
  readonly written?: ReadonlyMap<string, string>;
  readonly problem?: Pick<Problem, 'message' | 'hint'>;
}

/** The text in quotes that an option's whole text is; undefined: it is none. */
function quotedText(text: string): string | undefined {
  if (!/^(["'])[\s\S]*\1$/.test(text)) return undefined;
  const { value, problems } = readYaml('', text);
  return problems.length === 0 && typeof value === 'string' ? value : undefined;
}

/** The list or mapping that an option's text is in JSON, in which no comment can stand; undefined: it is none. */
function jsonIn(text: string): Json | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** A text that is one word or number, and is that as the value of a key too. */
const WORD = /^-?[A-Za-z0-9][\w.+-]*$/;

/** The value that an option's text stands for where nothing says what it must be. */
export function plainValue(text: string): OptionValue {
  const word = WORD.test(text) ? readPlain(`word: ${text}`)?.['word'] : undefined;
  if (word !== undefined) return { value: word, written: new Map() };
  if (text === '' || /(^|\s)#/.test(text)) return { value: quotedText(text) ?? jsonIn(text) ?? text };
  const { value, written, problems } = readYaml('', text);
  const [problem] = problems.filter(({ code }) => LOSSES.has(code));
  if (problem !== undefined) return { value: text, problem };
  return problems.length > 0 ? { value: text } : { value, written };
}

/** What YAML 1.1 and other languages take for true and false, and YAML 1.2 for texts. */
const SWITCH = /^(?:y|n|yes|no|on|off)$/i;

/** The value that an option's text stands for in place of another: a text stays a text, whatever it looks like. */
export function valueLike(text: string, current: Json | undefined, schema?: JsonObject): OptionValue {
  const isText = schema === undefined ? typeof current === 'string' : schema['type'] === 'string';
  if (isText) return { value: quotedText(text) ?? text };
  if (schema === undefined && typeof current === 'boolean' && SWITCH.test(text))
    return { value: text, problem: { message: `"${text}" is a text, where the file has ${current}`, hint: 'write true or false' } };
  return plainValue(text);
}

/** A value that a part of is set: a choice by its name, or a group that is not given, is the mapping that it stands for. */
function opened(value: Json | undefined, schema: JsonObject | undefined): Json | undefined {
  const members = schema?.['properties'] as JsonObject | undefined;
  if (members === undefined) return value;
  return value === undefined ? {} : typeof value === 'string' && 'name' in members ? { name: value } : value;
}

/** The JSON Schema of the value at a path, as far as it says. */
export function schemaAt(schema: JsonObject | undefined, path: readonly string[]): JsonObject | undefined {
  return path.reduce<JsonObject | undefined>((at, step) => {
    const inner = at?.['type'] === 'array' ? at['items'] : (at?.['properties'] as JsonObject | undefined)?.[step];
    return inner as JsonObject | undefined;
  }, schema);
}

/**
 * A value with another one at a path in it; the value itself is not changed. The path must lead to something that is there, or that the
 * schema knows, and what it leads through is opened: in words why it does not.
 */
export function withValueAt(
  before: Json | undefined,
  path: readonly string[],
  { to, schema, name }: { readonly to: Json; readonly schema: JsonObject | undefined; readonly name: string },
): { readonly value: Json } | { readonly why: string; readonly known: readonly string[] } {
  const [step, ...rest] = path;
  if (step === undefined) return { value: to };
  const value = opened(before, schema);
  const isList = Array.isArray(value);
  if (!isList && !isObject(value)) return { why: `"${name}" is no mapping`, known: [] };
  const declared = isList ? [] : Object.keys((schema?.['properties'] ?? {}) as JsonObject);
  if (!hasMember(value, step) && !declared.includes(step))
    return { why: `"${name}" has no "${step}"`, known: [...new Set([...Object.keys(value), ...declared])] };
  const inner = withValueAt(valueAt(value, [step]), rest, { to, schema: schemaAt(schema, [step]), name: `${name}.${step}` });
  if ('why' in inner) return inner;
  if (isList) return { value: value.with(Number(step), inner.value) };
  return { value: { ...value, [step]: inner.value } };
}
