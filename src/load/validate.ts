import type { ErrorObject } from 'ajv';
import { isObject } from '../files/json.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { MOST_PROBLEMS, type Problem } from '../model/problem.ts';
import type { Check } from './check.ts';
import type { Locate } from './yaml/locate.ts';
import { LONGEST_PORT, VARIABLE } from './pipeline/node-schema.ts';
import { pointerNames, pointerStep } from '../text/json-pointer.ts';
import { describe, expectation } from './expectation.ts';
import { addition, nameOf, remedy } from './remedy.ts';
import { isToldAtOnce, meantKey, unknownKey } from './unknown-key.ts';
import type { ProblemCode } from '../model/problem-codes.ts';

function subschema(schema: JsonObject, path: string): Json | undefined {
  let at: Json | undefined = schema;
  if (path.includes('/'))
    for (const name of pointerNames(path.slice(path.indexOf('/')))) at = (at as JsonObject | undefined)?.[decodeURIComponent(name)];
  return at;
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

/**
 * Turns what ajv found into problems with places. Errors inside the branches of an `anyOf` are folded into one; a key that is missing because
 * it is written under another name is told once. `told`: pointers of values of which a problem was told already.
 */
export function validate(
  value: Json,
  { schema, check }: Checked,
  locate: Locate,
  base: string,
  naming: Naming & { readonly told?: ReadonlySet<string> },
): Problem[] {
  if (check(value)) return [];
  // The errors of the branches of an `anyOf` stand before its own.
  const errors = (check.errors ?? []).slice(0, MOST_ERRORS);
  const all = oneEach(folded(errors)).slice(0, MOST_PROBLEMS);
  const meant = meantKeys(all, schema, value);
  const atOnce = new Set<string>();
  return all.flatMap((error) => {
    if (error.keyword === 'additionalProperties' && isToldAtOnce(parentOf(error, schema))) {
      if (atOnce.has(error.instancePath)) return [];
      atOnce.add(error.instancePath);
    }
    const pointer = base + error.instancePath;
    if (isTold(pointer, naming.told) || isTold(locate.origin(pointer, undefined)?.pointer ?? '', naming.told) || isMeant(error, meant))
      return [];
    const name = pointerNames(pointer).at(-1) || 'the file';
    const told: Told = { error, value, schema, locate, pointer, name, naming, meant };
    const ofKey = OF_KEYS[error.keyword];
    if (ofKey !== undefined) return [ofKey(told)];
    // What is wrong about a name is told by the error of `propertyNames` itself.
    return error.propertyName === undefined ? [describeValue(told)] : [];
  });
}

/** Of several errors of one value the one that says most: which values there are; else that it is of another type; else the first. */
function oneEach(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const isOfValue = ({ keyword, propertyName }: ErrorObject): boolean =>
    (OF_KEYS[keyword] === undefined || keyword === 'oneOf') && propertyName === undefined;
  const rank = ({ keyword }: ErrorObject): number => (keyword === 'enum' ? 0 : keyword === 'type' ? 1 : keyword === 'oneOf' ? 3 : 2);
  const best = new Map<string, ErrorObject>();
  for (const error of errors.filter(isOfValue)) {
    const known = best.get(error.instancePath);
    if (known === undefined || rank(error) < rank(known)) best.set(error.instancePath, error);
  }
  return errors.filter((error) => !isOfValue(error) || best.get(error.instancePath) === error);
}

/** Whether a problem of a value, or of what holds it, was told already. */
function isTold(pointer: string, told: ReadonlySet<string> = new Set()): boolean {
  if (told.size === 0) return false;
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (told.has(at)) return true;
  return false;
}

/** The keys that unknown ones stand for, by the pointer of the mapping that they stand in. */
function meantKeys(errors: readonly ErrorObject[], schema: JsonObject, value: Json): ReadonlyMap<string, ReadonlySet<string>> {
  const meant = new Map<string, Set<string>>();
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const key =
      meantKey(String(error.params['additionalProperty']), parentOf(error, schema), valueAt(value, error)) ?? onlyMissing(error, errors);
    if (key !== undefined) meant.set(error.instancePath, (meant.get(error.instancePath) ?? new Set()).add(key));
  }
  return meant;
}

/** Where one key is unknown in a mapping and one is missing, the one that is missing: it must be meant. */
function onlyMissing({ instancePath }: ErrorObject, errors: readonly ErrorObject[]): string | undefined {
  const own = errors.filter((error) => error.instancePath === instancePath);
  const missing = own.filter(({ keyword }) => keyword === 'required');
  const [first] = missing;
  return missing.length === 1 && own.filter(({ keyword }) => keyword === 'additionalProperties').length === 1
    ? String(first?.params['missingProperty'])
    : undefined;
}

/** Whether a key is missing only because it is written under another name. */
function isMeant({ keyword, instancePath, params }: ErrorObject, meant: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const keys = meant.get(instancePath);
  if (keys === undefined) return false;
  if (keyword === 'oneOf') return params['passingSchemas'] === null && ['uses', 'run', 'python', 'notebook'].some((key) => keys.has(key));
  return keyword === 'required' && keys.has(String(params['missingProperty']));
}

/** The schema of the mapping in which a key is unknown. */
function parentOf(error: ErrorObject, schema: JsonObject): JsonObject {
  return (subschema(schema, error.schemaPath.replace(/\/additionalProperties$/, '')) as JsonObject | undefined) ?? {};
}

/** The value that an error is about. */
function valueAt(value: Json, error: ErrorObject): Json | undefined {
  return stepsOf(error).reduce<Json | undefined>((from, step) => (step === '' ? from : (from as JsonObject | undefined)?.[step]), value);
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
  /** The keys that unknown ones stand for, by the pointer of their mapping. */
  readonly meant: ReadonlyMap<string, ReadonlySet<string>>;
}

/** How the errors of keywords are told that speak of a key, or of the whole mapping; those of others speak of a value. */
const OF_KEYS: Readonly<Record<string, (told: Told) => Problem>> = {
  additionalProperties({ error, value, schema, locate, pointer, naming, meant }) {
    const unknown = String(error.params['additionalProperty']);
    const stands = [...(meant.get(error.instancePath) ?? [])];
    const parent = parentOf(error, schema);
    const within = valueAt(value, error);
    const hint =
      meantKey(unknown, parent, within) === undefined && stands.length === 1
        ? `it is called "${stands[0]}" here: write ${stands[0]}:`
        : unknownKey(unknown, parent, within);
    return locate.problem(naming.code, `unknown ${naming.noun} "${unknown}"`, pointer + pointerStep(unknown), 'key', hint);
  },
  required({ error, schema, locate, pointer, name, naming }) {
    const missing = String(error.params['missingProperty']);
    const parent = subschema(schema, error.schemaPath.replace(/\/required$/, '')) as JsonObject | undefined;
    const own = (parent?.['properties'] as JsonObject | undefined)?.[missing] as JsonObject | undefined;
    return locate.problem('missing-key', `the ${naming.noun} "${missing}" is missing`, pointer, 'key', addition(missing, own, name));
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
    const hint = `write ${nameOf(bad, '_')}: a lower-case letter, then letters, digits or "_" (or "-", but not for ports)`;
    return locate.problem('bad-name', `"${bad}" is not a name`, pointer + pointerStep(bad), 'key', hint);
  },
  oneOf({ error, value, locate, pointer, name }) {
    const both = (error.params['passingSchemas'] as unknown) !== null;
    const found = valueAt(value, error);
    const named = ['uses', 'run', 'python', 'notebook']
      .filter((key) => isObject(found) && Object.hasOwn(found, key))
      .map((key) => `"${key}"`);
    const message = `"${name}" has ${both ? `both ${named.join(' and ')}` : 'neither "uses" nor "run"'}`;
    const hint = both
      ? 'a node is either a stage or a command: remove one of the two'
      : 'add uses: with the name of a stage, run: with a command, python: with a program, or notebook: with a notebook';
    return locate.problem('bad-node', message, pointer, 'key', hint);
  },
};

/** What a value must be in place of what it is. */
function describeValue({ error, value, schema, locate, pointer, name }: Told): Problem {
  const found = valueAt(value, error);
  const whole = subschema(schema, error.schemaPath.replace(/\/anyOf $/, '')) as JsonObject | undefined;
  const within = subschema(schema, error.schemaPath.replace(/\/[^/]*$/, '')) as JsonObject | undefined;
  if (found === null && name === 'the file')
    return locate.problem('wrong-type', 'the file is empty', pointer, 'value', 'write a pipeline into it: stillroom init makes an example');
  const expected = error.keyword === 'anyOf' ? String(whole?.['description'] ?? 'another kind of value') : expectation(error);
  const steps = pointerNames(pointer);
  const parent = steps.at(-2) ?? '';
  const shown = name === 'the file' ? name : /^\d+$/.test(name) ? `entry ${Number(name) + 1} of "${parent}"` : `"${name}"`;
  const isEmpty = error.keyword === 'minItems' || error.keyword === 'minProperties';
  const message = isEmpty ? `${shown} is empty` : `${shown} must be ${expected}, not ${describe(found)}`;
  const kept =
    error.keyword === 'anyOf'
      ? { ...error, params: { type: (whole?.['anyOf'] as readonly JsonObject[] | undefined)?.map((one) => one['type']) } }
      : error;
  return locate.valueProblem('wrong-type', {
    message,
    pointer,
    name,
    value: found,
    hint: remedy(kept, { found, at: within, key: name, parent }),
  });
}

/** The steps from the whole to the value that is wrong. */
function stepsOf(error: ErrorObject): string[] {
  return pointerNames(error.instancePath);
}
