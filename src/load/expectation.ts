import type { ErrorObject } from 'ajv';
import { shorten } from '../text/shorten.ts';
import { NAME, NONE, PYTHON_VERSION, VARIABLE } from './pipeline/node-schema.ts';
import { PREFIX } from './project/schema.ts';

/** A value in a few words. */
export function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string'
    ? `the text "${shorten(value, 40)}"`
    : typeof value === 'boolean'
      ? String(value)
      : `the ${typeof value} ${String(value)}`;
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'nothing',
};

/** What a value must be, by an error of ajv. */
export function expectation(error: ErrorObject): string {
  const { keyword, params } = error;
  if (keyword === 'type')
    return [params['type']]
      .flat()
      .map((type) => TYPES[String(type)] ?? String(type))
      .join(' or ');
  if (keyword === 'enum') return `one of ${(params['allowedValues'] as unknown[]).map(String).join(', ')}`;
  if (keyword === 'const') return `"${String(params['allowedValue'])}"`;
  if (keyword === 'pattern') return patternMeaning(String(params['pattern']));
  if (keyword === 'minimum') return `at least ${params['limit']}`;
  if (keyword === 'maximum') return `at most ${params['limit']}`;
  if (keyword === 'exclusiveMinimum') return `more than ${params['limit']}`;
  if (keyword === 'exclusiveMaximum') return `less than ${params['limit']}`;
  if (keyword === 'minItems' || keyword === 'minProperties') return 'filled';
  return error.message ?? keyword;
}

function patternMeaning(pattern: string): string {
  if (pattern === NAME) return 'a name: a lower-case letter, then letters, digits, "_" or "-"';
  if (pattern === VARIABLE) return 'a variable name: a lower-case letter, then letters, digits or "_"';
  if (pattern === PYTHON_VERSION) return 'a version of Python such as "3.12"';
  if (pattern === NONE) return 'a mapping, or none';
  if (pattern.includes('KiB')) return 'a size such as 512MiB or 2GiB';
  if (pattern.includes('(s|m|h)')) return 'a time such as 30s, 10m or 2h';
  if (pattern.startsWith('^https?:')) return 'an address that begins with http:// or https://, without name and password';
  if (pattern === PREFIX) return 'a prefix of letters, digits, "_", "-", "." and "/", of which no part begins with "."';
  return `a text that matches ${pattern}`;
}
