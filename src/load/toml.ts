import type { Json } from '../model/json.ts';
import type { Place, Problem } from '../model/problem.ts';
import { pointerNames, pointerStep } from '../text/json-pointer.ts';
import type { YamlText } from './yaml/document.ts';

/** A line of a text, as messages show it. */
function placeAt(file: string, text: string, line: number, column: number): Place {
  return { file, line, column, excerpt: (text.split('\n')[line - 1] ?? '').replace(/\r$/, '') };
}

/** Where a key is written, as far as it can be seen: below the longest heading that leads to it, else anywhere above all headings. */
function placeOf(file: string, text: string, pointer: string): Place | undefined {
  const names = pointerNames(pointer);
  const lines = text.split('\n');
  const bare = (part: string): string => part.trim().replace(/^(["'])(.*)\1$/, '$2');
  let heading: readonly string[] = [];
  for (const [index, line] of lines.entries()) {
    const [, table] = /^\s*\[\[?([^\]]+)\]\]?\s*(?:#.*)?$/.exec(line) ?? [];
    if (table !== undefined) heading = table.split('.').map(bare);
    const [, indent = '', key = ''] = /^(\s*)([\w."' -]+?)\s*=/.exec(line) ?? [];
    const way = table === undefined ? [...heading, ...key.split('.').map(bare)] : heading;
    const isThere = (table !== undefined || key !== '') && way.length === names.length && way.every((name, at) => name === names[at]);
    if (isThere) return placeAt(file, text, index + 1, indent.length + 1);
  }
  return undefined;
}

/** What is made of a document beside its values. */
interface Found {
  /** Numbers that JSON would write as integers, which they are not. */
  readonly written: Map<string, string>;
  readonly complain: (pointer: string, message: string) => void;
}

/** A number, as far as JSON has it. */
function numberOf(value: number | bigint, pointer: string, { written, complain }: Found): Json {
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value))) complain(pointer, `the integer ${value} is beyond ±2^53 and would lose digits`);
    return Number(value);
  }
  if (!Number.isFinite(value)) {
    complain(pointer, `${String(value)} is not a finite number`);
    return null;
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  if (/^-?\d+$/.test(text)) written.set(pointer, `${text}.0`);
  return value;
}

/** What TOML has and JSON has not: dates become texts as TOML writes them; a number that JSON has not is a problem. */
function plainOf(value: unknown, pointer: string, found: Found): Json {
  if (value instanceof Date) return value.toISOString().replace(/\.000(?!\d)/, '');
  if (typeof value === 'number' || typeof value === 'bigint') return numberOf(value, pointer, found);
  if (Array.isArray(value)) return value.map((one, index) => plainOf(one, pointer + pointerStep(index), found));
  if (value === null || typeof value !== 'object') return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainOf(one, pointer + pointerStep(key), found)]));
}

/** Reads a TOML text into plain values, as `readYaml` reads YAML. */
export async function readToml(file: string, text: string): Promise<YamlText> {
  const { parse, TomlError } = await import('smol-toml');
  const problems: Problem[] = [];
  const written = new Map<string, string>();
  const place = (pointer: string): Place | undefined => placeOf(file, text, pointer);
  let value: Json = null;
  try {
    const complain = (pointer: string, message: string): void => {
      const at = place(pointer);
      problems.push({ kind: 'pipeline', code: 'toml-syntax', message, hint: 'quote it to keep it as a text', ...(at && { place: at }) });
    };
    value = plainOf(parse(text, { integersAsBigInt: true }), '', { written, complain });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    problems.push({
      kind: 'pipeline',
      code: 'toml-syntax',
      message: `not valid TOML: ${first}`,
      place: placeAt(file, text, error.line, error.column),
      hint: 'mend this line; texts stand in quotes, and tables begin with [name]',
    });
  }
  return { file, value, problems, written, place };
}
