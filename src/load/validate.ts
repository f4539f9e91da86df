import { shorten } from '../text/shorten.ts';
import type { ErrorObject } from 'ajv';
import type { Json, JsonObject } from '../model/json.ts';
import { MOST_PROBLEMS, type Problem } from '../model/problem.ts';
import { suggestion } from '../text/suggestion.ts';
import type { Check } from './check.ts';
import type { Locate } from './yaml/locate.ts';
import { LONGEST_PORT, NAME, VARIABLE } from './pipeline/schema.ts';
import { pointerNames, pointerStep } from '../text/json-pointer.ts';
import type { ProblemCode } from '../model/problem-codes.ts';

function subschema(schema: JsonObject, path: string): Json | undefined {
  let at: Json | undefined = schema;
  if (path.includes('/'))
    for (const name of pointerNames(path.slice(path.indexOf('/')))) at = (at as JsonObject | undefined)?.[decodeURIComponent(name)];
  return at;
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? `the text "${shorten(value, 40)}"` : `the ${typeof value} ${String(value)}`;
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

function expectation(error: ErrorObject): string {
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
  if (keyword === 'minItems' || keyword === 'minProperties')
    return `at least ${params['limit']} entr${params['limit'] === 1 ? 'y' : 'ies'}`;
  return error.message ?? keyword;
}

function patternMeaning(pattern: string): string {
  if (pattern === NAME) return 'a name: a lower-case letter, then letters, digits, "_" or "-"';
  if (pattern === VARIABLE) return 'a variable name: a lower-case letter, then letters, digits or "_"';
  if (pattern.includes('KiB')) return 'a size such as 512MiB or 2GiB';
  if (pattern.includes('(s|m|h)')) return 'a time such as 30s, 10m or 2h';
  return `a text that matches ${pattern}`;
}

function patternExample(pattern: string): string {
  if (pattern.includes('KiB')) return '2GiB';
  return pattern.includes('(s|m|h)') ? '10m' : 'my_name';
}

/** What the values at a place are called in messages: `param`, `key` … */
export interface Naming {
  readonly code: ProblemCode;
  readonly noun: string;
}

/** A schema and what checks values against it. */
export interface Checked {
  readonly schema: JsonObject;
  readonly check: Check;
}

/** Errors of ajv that are looked at: a problem has a few. */
const MOST_ERRORS = 10 * MOST_PROBLEMS;

/** Turns what ajv found into problems with places. Errors inside the branches of an `anyOf` are folded into one. */
export function validate(value: Json, { schema, check }: Checked, locate: Locate, base: string, naming: Naming): Problem[] {
  if (check(value)) return [];
  // The errors of the branches of an `anyOf` stand before its own.
  const errors = (check.errors ?? []).slice(0, MOST_ERRORS);
  return folded(errors)
    .slice(0, MOST_PROBLEMS)
    .flatMap((error) => {
      const told: Told = {
        error,
        value,
        schema,
        locate,
        pointer: base + error.instancePath,
        name: stepsOf(error).at(-1) || 'the file',
        naming,
      };
      const ofKey = OF_KEYS[error.keyword];
      if (ofKey !== undefined) return [ofKey(told)];
      // What is wrong about a name is told by the error of `propertyNames` itself.
      return error.propertyName === undefined ? [describeValue(told)] : [];
    });
}

/** Of an `anyOf` or `oneOf`, the errors of the one branch whose type was meant, or one error for all branches. */
function folded(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choice = errors.find(
    (error) =>
      (error.keyword === 'anyOf' || error.keyword === 'oneOf') &&
      errors.some((other) => other.schemaPath.startsWith(`${error.schemaPath}/`)),
  );
  if (choice === undefined) return errors;
  const isBelow = (error: ErrorObject): boolean =>
    error.schemaPath.startsWith(`${choice.schemaPath}/`) && error.instancePath.startsWith(choice.instancePath);
  const branches = new Map<string, ErrorObject[]>();
  for (const error of errors.filter(isBelow)) {
    const branch = error.schemaPath.slice(choice.schemaPath.length + 1).split('/', 1)[0] ?? '';
    branches.set(branch, [...(branches.get(branch) ?? []), error]);
  }
  const meant = [...branches.values()].filter((found) =>
    found.every(({ keyword, instancePath }) => keyword !== 'type' || instancePath !== choice.instancePath),
  );
  const told = choice.keyword === 'anyOf' && meant.length === 1 ? (meant[0] ?? []) : [{ ...choice, schemaPath: `${choice.schemaPath} ` }];
  return folded([...errors.filter((error) => error !== choice && !isBelow(error)), ...told]);
}

/** What to write in place of a value that does not fit. */
function remedy(error: ErrorObject, found: Json | undefined, at: JsonObject | undefined): string {
  if (error.keyword === 'enum') return suggestion(String(found), (error.params['allowedValues'] as unknown[]).map(String));
  const about = at?.['description'];
  if (about !== undefined && error.keyword !== 'anyOf') return String(about);
  if (error.keyword === 'pattern') return `for example ${patternExample(String(error.params['pattern']))}`;
  const type = [error.params['type']].flat()[0];
  if ((type === 'integer' || type === 'number') && typeof found === 'string' && found.trim() !== '' && Number.isFinite(Number(found)))
    return `write it without quotes: ${found}`;
  const fallback = at?.['default'];
  if (fallback !== undefined) return `leave it out for ${JSON.stringify(fallback)}`;
  return `for example ${EXAMPLES[String(type)] ?? error.params['limit'] ?? 'as in the quickstart'}`;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  object: '{ name: value }',
  array: '[first, second]',
  string: '"a text"',
  integer: '3',
  number: '0.5',
  boolean: 'true',
};

/** An error of ajv with what is needed to say it in words. */
interface Told {
  readonly error: ErrorObject;
  readonly value: Json;
  readonly schema: JsonObject;
  readonly locate: Locate;
  /** Of the value that is wrong. */
  readonly pointer: string;
  /** The last step to it, or "the file". */
  readonly name: string;
  readonly naming: Naming;
}

/** How the errors of keywords are told that speak of a key, or of the whole mapping; those of others speak of a value. */
const OF_KEYS: Readonly<Record<string, (told: Told) => Problem>> = {
  additionalProperties({ error, schema, locate, pointer, naming }) {
    const unknown = String(error.params['additionalProperty']);
    const parent = subschema(schema, error.schemaPath.replace(/\/additionalProperties$/, '')) as JsonObject | undefined;
    const known = Object.keys((parent?.['properties'] as JsonObject | undefined) ?? {});
    const message = `unknown ${naming.noun} "${unknown}"`;
    return locate.problem(naming.code, message, pointer + pointerStep(unknown), 'key', suggestion(unknown, known));
  },
  required({ error, locate, pointer, name, naming }) {
    const message = `${naming.noun} "${String(error.params['missingProperty'])}" is missing`;
    return locate.problem('missing-key', message, pointer, 'key', `add it to ${name === 'the file' ? name : `"${name}"`}`);
  },
  propertyNames({ error, locate, pointer }) {
    const bad = String(error.params['propertyName']);
    if (bad.length > LONGEST_PORT && new RegExp(VARIABLE).test(bad))
      return locate.problem(
        'bad-name',
        `a port is named by ${bad.length} letters`,
        pointer + pointerStep(bad),
        'key',
        `at most ${LONGEST_PORT}`,
      );
    const hint = 'a lower-case letter, then letters, digits or "_" (or "-", but not for ports)';
    return locate.problem('bad-name', `"${bad}" is not a name`, pointer + pointerStep(bad), 'key', hint);
  },
  oneOf({ error, locate, pointer, name }) {
    const both = (error.params['passingSchemas'] as unknown) !== null;
    const message = `"${name}" has ${both ? 'both "uses" and "run"' : 'neither "uses" nor "run"'}`;
    return locate.problem('bad-node', message, pointer, 'key', 'a node is either a stage (uses: its name) or a command (run: its text)');
  },
};

/** What a value must be in place of what it is. */
function describeValue({ error, value, schema, locate, pointer, name }: Told): Problem {
  const steps = stepsOf(error);
  const found = steps[0] === '' ? value : steps.reduce<Json | undefined>((from, step) => (from as JsonObject | undefined)?.[step], value);
  const whole = subschema(schema, error.schemaPath.replace(/\/anyOf $/, '')) as JsonObject | undefined;
  const expected = error.keyword === 'anyOf' ? String(whole?.['description'] ?? 'another kind of value') : expectation(error);
  const within = subschema(schema, error.schemaPath.replace(/\/[^/]*$/, '')) as JsonObject | undefined;
  return locate.problem(
    'wrong-type',
    `"${name}" must be ${expected}, not ${describe(found)}`,
    pointer,
    'value',
    remedy(error, found, within),
  );
}

/** The steps from the whole to the value that is wrong. */
function stepsOf(error: ErrorObject): string[] {
  return pointerNames(error.instancePath);
}
