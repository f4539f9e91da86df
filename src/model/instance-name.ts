import type { Json } from './json.ts';
import type { Key } from './pipeline.ts';

/** A name taken apart as it is written, the values of its point not read yet: `teacher[fold=0].lr` has the point `fold=0` and the rest `.lr`. */
export interface WrittenName {
  readonly node: string;
  /** Undefined where the name has no brackets. */
  readonly point: WrittenPoint | undefined;
  readonly rest: string;
}

/** Variables of a matrix with their values as they are written. */
export type WrittenPoint = readonly (readonly [variable: string, value: string])[];

/** What JSON reads as something other than a text. */
const SCALAR = /^(?:null|true|false|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** What would end a value or be taken for quotes. */
const SPECIAL = /^\s|\s$|^'|[[\]{},"\p{Cc}]/u;

/** A value of a point: a text that can be nothing else stands as it is, all others as JSON. */
export function valueText(value: Json): string {
  if (typeof value === 'number') return JSON.stringify(value);
  const isPlain = typeof value === 'string' && !SCALAR.test(value) && !SPECIAL.test(value) && value.isWellFormed();
  // JSON leaves the control characters above ASCII as they are.
  return isPlain ? value : JSON.stringify(value).replaceAll(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A matrix point as it is printed: `fold=0,seed=1`; empty where there is no matrix. */
export function pointText(key: Key): string {
  return Object.entries(key)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(',');
}

/** The printed name of an instance, `teacher` or `teacher[fold=0,seed=1]`: different for different points. `parseInstanceName` reads it back. */
export function instanceName(node: string, key: Key): string {
  const point = pointText(key);
  return point === '' ? node : `${node}[${point}]`;
}

/** The name of the node that a printed name is that of an instance of. */
export function nodeOf(name: string): string {
  return name.split('[', 1)[0] ?? '';
}

/** The value that a text in a point stands for where it is written as `instanceName` does; undefined: it is broken JSON. */
export function pointValue(text: string): Json | undefined {
  if (!SCALAR.test(text) && !/^["[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The node and matrix point that an instance's printed name stands for; undefined where it is no such name. */
export function parseInstanceName(name: string): { readonly node: string; readonly key: Key } | undefined {
  const { node = '', point = [], rest } = splitName(name) ?? {};
  const values = point.map(([variable, text]) => [variable, pointValue(text)] as const);
  const isBroken = values.some(([, value]) => value === undefined) || new Set(values.map(([variable]) => variable)).size < values.length;
  return rest !== '' || isBroken ? undefined : { node, key: Object.fromEntries(values) as Key };
}

/** Takes a name apart that may go on after its point; undefined where it begins with no node, or its brackets do not end. */
export function splitName(text: string): WrittenName | undefined {
  const node = /^[A-Za-z][\w-]*/.exec(text)?.[0];
  if (node === undefined) return undefined;
  if (text[node.length] !== '[') return { node, point: undefined, rest: text.slice(node.length) };
  const variable = /\s*([A-Za-z][\w-]*)\s*=\s*/y;
  const point: [string, string][] = [];
  for (let at = node.length + 1; ; ) {
    variable.lastIndex = at;
    const found = variable.exec(text);
    const end = found === null ? undefined : endOfValue(text, variable.lastIndex);
    if (found === null || end === undefined) return undefined;
    point.push([found[1] ?? '', text.slice(at + found[0].length, end).trimEnd()]);
    if (text[end] === ']') return { node, point, rest: text.slice(end + 1) };
    at = end + 1;
  }
}

/** Whether a value of a list or mapping begins at an index: what stands before it opens one, or sets it apart. */
function beginsInside(text: string, start: number, at: number): boolean {
  let before = at - 1;
  while (before > start && /\s/.test(text[before] ?? '')) before -= 1;
  return before >= start && '[{,:'.includes(text[before] ?? ' ');
}

/** Where a value ends: at a comma or a closing bracket that belongs to no quotes and no brackets of its own. */
function endOfValue(text: string, start: number, ends = ',]'): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const here = text[at] ?? '';
    const isQuote = here === '"' || here === "'";
    if (isQuote && (at === start || (depth > 0 && beginsInside(text, start, at)))) at = endOfQuotes(text, at);
    else if (here === '[' || here === '{') depth += 1;
    else if (depth > 0 && (here === ']' || here === '}')) depth -= 1;
    else if (depth === 0 && ends.includes(here)) return at;
  }
  return undefined;
}

/** The parts of a text between commas, but for those that belong to quotes or brackets. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at <= text.length; ) {
    const end = endOfValue(text, at, ',') ?? text.length;
    parts.push(text.slice(at, end).trim());
    at = end + 1;
  }
  return parts;
}

/** The index of the quote that ends those that open at an index. */
function endOfQuotes(text: string, open: number): number {
  const quote = text[open];
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote && quote === "'" && text[at + 1] === quote) at += 1;
    else if (text[at] === quote) return at;
  }
  return text.length;
}
