import { isObject } from '../../files/json.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Instance, Pipeline } from '../../model/pipeline.ts';
import type { Problem } from '../../model/problem.ts';
import type { Dimension, Domain, Range } from '../../model/sweep.ts';
import type { Locate } from '../yaml/locate.ts';
import type { Takers } from '../pipeline/params.ts';
import { meansParam } from '../pipeline/overrides.ts';
import { atPoint } from '../pipeline/selection.ts';
import type { CheckedBefore } from '../check.ts';
import { schemaAt, valueLike, withValueAt } from '../pipeline/values.ts';
import { valueAt } from '../../model/dotted.ts';
import { splitList, splitName } from '../../model/instance-name.ts';
import { isFull } from '../pipeline/context.ts';
import { topologicalOrder } from '../pipeline/order.ts';
import { suggestion } from '../../text/suggestion.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { validate } from '../validate.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import { NUMBER, rangeHint } from './range-hint.ts';

/** What is known of a node's params beside its declaration. */
export interface NodeParams {
  /** Their JSON Schemas, as far as anything of the sweep reaches into them. */
  readonly schemas: Readonly<Record<string, JsonObject>>;
  readonly takers: Takers;
}

/** What checking a sweep needs: the pipeline as it is, and where complaints go. */
export interface SweepContext {
  readonly pipeline: Pipeline;
  /** The file's `stages`, those that are turned off included. */
  readonly stages: Readonly<Record<string, { readonly with?: JsonObject }>>;
  /** The file's `sources`. */
  readonly sources: JsonObject;
  /** Of nodes whose params the sweep reaches into. */
  readonly nodes: ReadonlyMap<string, NodeParams>;
  readonly locate: Locate;
  readonly checked: CheckedBefore;
  readonly problems: Problem[];
}

const RANGE = new RegExp(`^(?<log>log:)?(?<from>${NUMBER})\\.\\.(?<to>${NUMBER})(?:/(?<steps>\\d+))?$`);

/** A range as it is written: whether its numbers are whole is decided where the param is known. */
interface WrittenRange {
  readonly from: number;
  readonly to: number;
  readonly log: boolean;
  readonly whole: boolean;
  readonly steps?: number;
}

function readRange(text: string): WrittenRange | undefined {
  const found = RANGE.exec(text.trim())?.groups;
  if (found === undefined) return undefined;
  const { log, from = '', to = '', steps } = found;
  return {
    from: Number(from),
    to: Number(to),
    log: log !== undefined,
    whole: [from, to].every((end) => /^[-+]?\d+$/.test(end)),
    ...(steps === undefined ? {} : { steps: Number(steps) }),
  };
}

/** Values that one text may list: each is read as YAML by itself. */
const MOST_LISTED = 500;

/** The values of `--over size=32,96`: brackets and quotes keep what they hold together, and a text stays a text. */
function splitValues(
  text: string,
  { base, schema }: Pick<NamedParam, 'base' | 'schema'>,
  pointer: string,
  { locate, problems }: SweepContext,
): Json[] {
  const parts = splitList(text);
  if (parts.length <= MOST_LISTED) return parts.map((part) => valueLike(part, base, schema).value);
  const [listed, most] = [parts.length, MOST_LISTED].map((count) => count.toLocaleString('en'));
  const message = `this text lists ${listed} values`;
  problems.push(locate.problem('too-many', message, pointer, 'value', `at most ${most}: write a list [1, 2], or a range 1..10`));
  return [];
}

/** The values of a `--repeat`, read as what the param is. */
export function repeatValues(name: string, text: string, context: SweepContext): Json[] {
  const found = findParam(name, '', { ...context, problems: [] }) ?? { base: undefined, schema: undefined };
  return splitValues(text, found, `/sweep/repeats${pointerStep(name)}`, context);
}

/** A param, or a part of one, as a sweep names it. */
interface NamedParam {
  readonly of: 'pipeline' | 'sources' | 'node';
  /** Of the instances that have it, by their params. */
  readonly instances: readonly Instance[];
  readonly param: string;
  /** Keys and indexes that lead into the param. */
  readonly path: readonly string[];
  /** Its JSON Schema, where a stage declares it. */
  readonly schema: JsonObject | undefined;
  /** What the pipeline says of it; undefined where its instances differ or it cannot be known. */
  readonly base: Json | undefined;
}

/** Finds what a name of a sweep stands for; a name that stands for nothing becomes a problem at the pointer. */
export function findParam(name: string, pointer: string, context: SweepContext): NamedParam | undefined {
  const { pipeline, stages, nodes, locate, problems } = context;
  const wrong = (message: string, wanted: string, known: readonly string[]): undefined => {
    problems.push(locate.problem('unknown-param', message, pointer, 'key', suggestion(wanted, known)));
  };
  const { node, point, rest = '' } = splitName(name) ?? {};
  const [param, ...path] = /^(?:\.[^.=[\]\s]+)*$/.test(rest) ? rest.split('.').slice(1) : [];
  if (node === undefined || (rest !== '' && param === undefined) || (point !== undefined && param === undefined))
    return wrong(`"${name}" is not a param's name`, name, ['size', 'student.lr', 'teacher[fold=0].epochs']);
  const steps = param === undefined ? [] : [param, ...path];
  if (param === undefined || (point === undefined && meansParam({ params: pipeline.params, stages }, node, steps)))
    return ofPipeline(node, steps, wrong, context);
  if (node === 'sources')
    return Object.hasOwn(pipeline.sources, param)
      ? { of: 'sources', instances: [], param, path, schema: undefined, base: undefined }
      : wrong(`no source is named "${param}"`, param, Object.keys(pipeline.sources));
  if (!Object.hasOwn(stages, node)) return wrong(`no node is named "${node}"`, node, Object.keys(stages));
  const all = pipeline.instances.filter((instance) => instance.node === node);
  const named = point === undefined ? all : atPoint(all, point);
  const [first] = named;
  if (first === undefined) {
    if (all.length === 0) return { of: 'node', instances: [], param, path, schema: undefined, base: undefined };
    const own = name.slice(0, name.length - rest.length);
    return wrong(
      `no instance is named "${own}"`,
      own,
      all.map((instance) => instance.name),
    );
  }
  const declared = first.work.kind === 'stage' ? first.work.declaration.params : undefined;
  const known = Object.keys(declared ?? stages[node]?.with ?? {});
  if (!known.includes(param)) {
    const now = first.work.kind === 'stage' ? first.work.declaration.former?.[param] : undefined;
    const message = `the node "${node}" has no param "${param}"`;
    if (now === undefined) return wrong(message, param, known);
    problems.push(locate.problem('unknown-param', message, pointer, 'key', `it is ${node}.${now} now`));
    return undefined;
  }
  const whole = nodes.get(node)?.schemas[param] ?? declared?.[param]?.schema;
  const schema = schemaAt(whole, path);
  const [member = ''] = path;
  const members = Object.keys((whole?.['properties'] ?? {}) as JsonObject);
  if (members.length > 0 && member !== '' && !members.includes(member))
    return wrong(`"${param}" of the node "${node}" has no "${member}"`, member, members);
  const values = new Map(named.map(({ params }) => [JSON.stringify(valueAt(params[param], path)), valueAt(params[param], path)]));
  const base = values.size === 1 ? [...values.values()][0] : undefined;
  return { of: 'node', instances: named, param, path, schema, base: asWritten(base, stages[node]?.with?.[param], path) };
}

/** What the pipeline says of a param, a choice by its name alone where the file says no more. */
function asWritten(base: Json | undefined, written: Json | undefined, path: readonly string[]): Json | undefined {
  const isChoice = path.length === 0 && isObject(base) && (written === undefined || typeof written === 'string');
  return isChoice && typeof base['name'] === 'string' ? base['name'] : base;
}

/** What a stage that is given a param of the pipeline as it is says of it. */
function schemaOfUse(param: string, stages: SweepContext['stages'], instances: readonly Instance[]): JsonObject | undefined {
  for (const [node, { with: given = {} }] of Object.entries(stages)) {
    const [own] = Object.entries(given).find(([, value]) => value === `$${param}`) ?? [];
    const work = own === undefined ? undefined : instances.find((one) => one.node === node)?.work;
    // What a choice takes beside its name is known where it is read.
    const declared = work?.kind === 'stage' ? work.declaration.params[own ?? ''] : undefined;
    if (declared !== undefined && declared.modules === undefined && declared.params === undefined) return declared.schema;
  }
  return undefined;
}

/** A param of the pipeline itself, or a part of one. */
function ofPipeline(
  param: string,
  path: readonly string[],
  wrong: (message: string, wanted: string, known: readonly string[]) => undefined,
  { pipeline: { params, instances }, stages }: SweepContext,
): NamedParam | undefined {
  if (!Object.hasOwn(params, param)) {
    const ofNodes = instances.flatMap(({ node, params: own }) => Object.keys(own).map((name) => `${node}.${name}`));
    const own = [...new Set(ofNodes)].filter((name) => name.startsWith(`${param}.`));
    return own.length > 0
      ? wrong(`"${param}" is a node, and a param of it is varied`, '', own)
      : wrong(`no param is named "${param}"`, param, [...Object.keys(params), ...new Set(ofNodes)]);
  }
  const within = withValueAt(params[param], path, { to: null, schema: undefined, name: param });
  if ('why' in within) return wrong(within.why, path.at(-1) ?? '', within.known);
  const schema = path.length === 0 ? schemaOfUse(param, stages, instances) : undefined;
  return { of: 'pipeline', instances: [], param, path, schema, base: valueAt(params[param], path) };
}

function checkRange(written: WrittenRange, schema: JsonObject | undefined, pointer: string, context: SweepContext): Range | undefined {
  const { from, to, log, steps, whole } = written;
  const wrong = (message: string, hint: string): undefined => {
    context.problems.push(context.locate.problem('bad-range', message, pointer, 'value', hint));
  };
  if (from > to) return wrong(`the range goes from ${from} down to ${to}`, `write the smaller first: ${to}..${from}`);
  if (log && from <= 0) return wrong(`a logarithmic range cannot begin at ${from}`, 'begin above 0, or leave "log" out');
  if (steps !== undefined && steps < 1) return wrong('a range needs at least one step', 'for example 0.1..0.9/5');
  const type = schema?.['type'];
  const kind = type === 'integer' || (type !== 'number' && whole) ? 'int' : 'float';
  if (kind === 'int' && !whole)
    return wrong(`"${pointer.split('/').at(-1)}" takes whole numbers only`, 'give whole ends, for example 1..10');
  return { kind, from, to, log, ...(steps === undefined ? {} : { steps }) };
}

const ofMembers = new WeakMap<JsonObject, Map<string, JsonObject>>();

/** The schema of a mapping that has one member: the same one each time, since compiling it is dear. */
function schemaOfMember(name: string, member: JsonObject): JsonObject {
  const known = ofMembers.get(member) ?? new Map<string, JsonObject>();
  const schema = known.get(name) ?? { type: 'object', properties: { [name]: member } };
  ofMembers.set(member, known.set(name, schema));
  return schema;
}

/** A param of the sweep as the file or an option writes it, checked against the stage that declares it. */
export function readDimension(name: string, written: Json, pointer: string, context: SweepContext): Dimension | undefined {
  const found = isFull(context) ? undefined : findParam(name, pointer, context);
  if (found === undefined) return undefined;
  const { values, when, ...range } = isObject(written) ? written : { values: written, when: undefined };
  const conditions = (when ?? {}) as JsonObject;
  const domain = readDomain(values ?? null, range, found, pointer, context);
  if (domain === undefined) return undefined;
  if (found.schema !== undefined) {
    const own = found.path.at(-1) ?? found.param;
    const schema = schemaOfMember(own, found.schema);
    const tried = domain.kind === 'choice' ? domain.values : [domain.from, domain.to];
    const list = Array.isArray(written) ? pointer : Array.isArray(values) ? `${pointer}/values` : undefined;
    for (const [index, value] of tried.entries()) {
      const naming = { code: 'wrong-type', noun: 'param' } as const;
      const checked = { schema, check: context.checked.checkOf(schema) };
      const at = list === undefined ? pointer : `${list}/${index}`;
      const [problem] = validate({ [own]: value }, checked, context.locate, at, naming);
      if (problem === undefined) continue;
      const { code, message, hint } = problem;
      const range = typeof written === 'string' ? rangeHint(written) : undefined;
      // A range or a list in one text is pointed at as a whole; what is wrong with one of its values is told once.
      context.problems.push(
        list === undefined && problem.kind === 'pipeline'
          ? context.locate.problem(code, message, pointer, 'value', range ?? hint)
          : { ...problem, ...(range === undefined ? {} : { hint: range }) },
      );
      break;
    }
  }
  return { name, domain, when: conditions };
}

function readDomain(values: Json, range: JsonObject, found: NamedParam, pointer: string, context: SweepContext): Domain | undefined {
  const { schema } = found;
  if (Array.isArray(values)) return { kind: 'choice', values };
  const written = typeof values === 'string' ? readRange(values) : undefined;
  if (written !== undefined) return checkRange(written, schema, pointer, context);
  if (typeof values === 'string') return { kind: 'choice', values: splitValues(values, found, pointer, context) };
  const { from, to, log, steps } = range;
  if (typeof from !== 'number' || typeof to !== 'number') {
    const hint = 'give a list, "1..10", or { from: 1, to: 10 }';
    context.problems.push(context.locate.problem('bad-range', 'neither values nor both ends of a range are given', pointer, 'value', hint));
    return undefined;
  }
  const whole = Number.isInteger(from) && Number.isInteger(to);
  return checkRange({ from, to, log: log === true, whole, ...(typeof steps === 'number' ? { steps } : {}) }, schema, pointer, context);
}

/** A mapping of names to values (a variant, a repeat), each name checked. */
export function checkNames(names: Iterable<string>, pointer: string, context: SweepContext): void {
  for (const name of names) if (!isFull(context)) findParam(name, pointer + pointerStep(name), context);
}

/** What the pipeline says of a param; undefined where its instances differ or it cannot be known. */
export function baseValue(name: string, context: SweepContext): Json | undefined {
  return findParam(name, '', { ...context, problems: [] })?.base;
}

/** Params in an order in which those that a `when` names come first. Unknown names and circles become problems. */
export function inOrder(dimensions: readonly Dimension[], pointerOf: (name: string) => string, context: SweepContext): Dimension[] {
  const names = dimensions.map(({ name }) => name);
  const complain = (code: ProblemCode, message: string, name: string, hint: string): void =>
    void context.problems.push(context.locate.problem(code, message, pointerOf(name), 'key', hint));
  const known = new Set(names);
  for (const { name, when } of dimensions)
    for (const other of Object.keys(when))
      if (!known.has(other) && !isFull(context))
        complain('unknown-param', `"when" names "${other}", which the sweep does not vary`, name, suggestion(other, names));
  const sound = dimensions.filter(({ when }) => Object.keys(when).every((other) => known.has(other)));
  const order = topologicalOrder(new Map(sound.map(({ name, when }) => [name, Object.keys(when)])));
  if ('cycle' in order) {
    const { cycle } = order;
    const among = sound.filter(({ name }) => cycle.includes(name)).slice(0, 12);
    const [first] = among;
    if (first !== undefined)
      complain('cycle', `the conditions of ${among.map(({ name }) => name).join(', ')} need each other`, first.name, 'break the circle');
    return [];
  }
  // By how many conditions lead to each, and then as they are written.
  const whens = new Map(sound.map(({ name, when }) => [name, Object.keys(when)]));
  const steps = new Map<string, number>();
  for (const name of order.order) steps.set(name, Math.max(0, ...(whens.get(name) ?? []).map((other) => 1 + (steps.get(other) ?? 0))));
  return sound.toSorted((a, b) => (steps.get(a.name) ?? 0) - (steps.get(b.name) ?? 0));
}
