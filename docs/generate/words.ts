import type { Json, JsonObject } from '../../src/model/json.ts';
import { SIZE, TIME } from '../../src/text/amounts.ts';

/** Members of a schema that are schemas, by name. */
export type Schemas = Readonly<Record<string, JsonObject>>;

/** A member of a schema that is a schema itself, or several by name. */
export function inner(schema: JsonObject, ...path: readonly string[]): JsonObject {
  return path.reduce((at, step) => at[step] as JsonObject, schema);
}

/** A value as it is written in a file. */
function literal(value: Json | undefined): string {
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: '`true` or `false`',
  object: 'mapping',
  array: 'list',
  null: '`null`',
};

/** The bounds of a number, in few signs. */
function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonObject): string {
  const least = minimum === undefined ? (exclusiveMinimum === undefined ? undefined : `> ${exclusiveMinimum}`) : `≥ ${minimum}`;
  const most = maximum === undefined ? (exclusiveMaximum === undefined ? undefined : `< ${exclusiveMaximum}`) : `≤ ${maximum}`;
  const both = [least, most].filter((bound) => bound !== undefined);
  return both.length === 0 ? '' : ` ${both.join(', ')}`;
}

/** What values a schema allows, in words. */
export function valuesOf(schema: JsonObject): string {
  const { const: only, enum: words, anyOf, type, pattern, items } = schema;
  if (only !== undefined) return `\`${literal(only)}\``;
  if (Array.isArray(words)) return words.map((word: Json) => `\`${literal(word)}\``).join(', ');
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map((one) => valuesOf(one as JsonObject)))].join(' or ');
  if (pattern === SIZE) return 'size: `512MiB`, `2GiB`';
  if (pattern === TIME) return 'time: `30s`, `10m`, `2h`';
  if (type === 'array' && items !== undefined) {
    const { enum: choices } = items as JsonObject;
    return Array.isArray(choices) ? `list of ${valuesOf(items as JsonObject)}` : `list of ${plural(valuesOf(items as JsonObject))}`;
  }
  if (type === undefined) return 'any value';
  return (
    [type]
      .flat()
      .map((one) => TYPES[String(one)] ?? String(one))
      .join(' or ') + bounds(schema)
  );
}

function plural(noun: string): string {
  return noun.replace(/\b(text|number|mapping)\b/g, '$1s');
}

/** Text within a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** A table of Markdown. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`);
}

/** A default as a table shows it. */
export function defaultOf({ default: fallback }: JsonObject, optional = true): string {
  if (fallback === undefined) return optional ? '' : 'required';
  return `\`${fallback === '' ? "''" : literal(fallback)}\``;
}
