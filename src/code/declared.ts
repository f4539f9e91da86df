import { isObject } from '../files/json.ts';
import type { Declaration, OutputDeclaration, ParamDeclaration } from '../model/declaration.ts';
import { done, failed, type Outcome, type Place, type Problem } from '../model/problem.ts';
import type { InputKind, Metric, Resources } from '../model/stage.ts';
import { SIZE } from '../text/amounts.ts';
import { nearest, suggestion } from '../text/suggestion.ts';

/** What a declaration evaluates to, before anything of it is believed. */
type Written = Readonly<Record<string, unknown>>;

const INPUT_KINDS: readonly InputKind[] = ['dir', 'file', 'dir[]', 'file[]', 'dir?', 'file?', 'dir[]?', 'file[]?'];
const STAGE_KEYS = ['about', 'params', 'inputs', 'outputs', 'metrics', 'resources', 'measures', 'network', 'former', 'run'];
const INPUT_KEYS = ['kind', 'about'];
const OUTPUT_KEYS = ['kind', 'about', 'measured'];
const METRIC_KEYS = ['about', 'goal', 'tolerance', 'measured'];
const RESOURCE_KEYS = ['cpu', 'gpu', 'memory'];

/** Adds a problem: what is wrong, what to do, and by which names the declaration leads to it. */
export type Complain = (message: string, hint: string, ...path: readonly string[]) => void;

/** Where the declaration writes what the names of a path lead to, as far as that is found. */
export type PlaceAt = (path: readonly string[]) => Place | undefined;

/** A mapping of names to values; what is none, or a name that is none, is complained of. */
function entriesOf(stage: Written, member: string, complain: Complain): [name: string, value: unknown][] {
  const value = stage[member] ?? {};
  if (!isObject(value)) {
    complain(`"${member}" is not a mapping of names`, `write ${member}: { name: … }`, member);
    return [];
  }
  for (const name of Object.keys(value)) {
    if (!/^[A-Za-z][\w-]*$/.test(name))
      complain(`"${name}" in "${member}" is not a name`, 'begin with a letter, then letters, digits, "_" or "-"', member, name);
  }
  return Object.entries(value);
}

/** Complains of the keys of a mapping that are not known; the names of `path` lead to it, `where` is what it is called. */
function checkKeys(
  value: Written,
  known: readonly string[],
  { where, path = [], complain }: { readonly where: string; readonly path?: readonly string[]; readonly complain: Complain },
): void {
  for (const key of Object.keys(value))
    if (!known.includes(key)) complain(`${where} has no "${key}"`, suggestion(key, known), ...path, key);
}

/** What is wrong with the default of a param's schema: it is checked here, since a default that is used is not checked with what is given. */
function faultOfDefault(schema: Written): { readonly message: string; readonly hint: string } | undefined {
  const { default: value, enum: allowed, type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (value === undefined) return undefined;
  if (Array.isArray(allowed) && !allowed.includes(value))
    return {
      message: `is ${JSON.stringify(value)}, which is not one of its choices`,
      hint: suggestion(String(value), allowed.map(String)),
    };
  const isNumber = type === 'number' || type === 'integer';
  if (isNumber && (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value))))
    return { message: `is ${JSON.stringify(value)}, not a ${type === 'integer' ? 'whole number' : 'number'}`, hint: 'write a number' };
  if ((type === 'string' || type === 'boolean') && typeof value !== type)
    return {
      message: `is ${JSON.stringify(value)}, not ${type === 'string' ? 'a text' : 'true or false'}`,
      hint: `write ${type === 'string' ? `'${String(value)}'` : 'true or false'}`,
    };
  if (typeof value !== 'number') return undefined;
  const bound = (limit: unknown, isBroken: (limit: number) => boolean, words: string) =>
    typeof limit === 'number' && isBroken(limit)
      ? { message: `is ${value}, and the param must be ${words} ${limit}`, hint: 'change the default, or the bound' }
      : undefined;
  return (
    bound(minimum, (limit) => value < limit, 'at least') ??
    bound(maximum, (limit) => value > limit, 'at most') ??
    bound(exclusiveMinimum, (limit) => value <= limit, 'more than') ??
    bound(exclusiveMaximum, (limit) => value >= limit, 'less than')
  );
}

/** The params of a mapping that has some; what was not made by `param` is complained of. */
function paramsOf(stage: Written, complain: Complain): Record<string, ParamDeclaration> {
  const params: Record<string, ParamDeclaration> = {};
  for (const [name, value] of entriesOf(stage, 'params', complain)) {
    if (!isObject(value) || !isObject(value['schema']) || typeof value['optional'] !== 'boolean') {
      complain(
        `the param "${name}" was not made by param`,
        `write ${name}: param.int({ … }), or another of param's functions`,
        'params',
        name,
      );
      continue;
    }
    const wrong = faultOfDefault(value['schema']);
    if (wrong !== undefined) complain(`the default of the param "${name}" ${wrong.message}`, wrong.hint, 'params', name);
    const { types: _, params: inner, ...param } = value as unknown as ParamDeclaration & { readonly types?: unknown };
    params[name] = inner === undefined ? param : { ...param, params: plainParamsOf({ params: inner }, complain) };
  }
  return params;
}

/** The params of a group or a choice: those that choose code, or say how far to go, belong to the stage alone. */
export function plainParamsOf(written: Written, complain: Complain): Record<string, ParamDeclaration> {
  const params = paramsOf(written, complain);
  for (const [name, { modules, budget }] of Object.entries(params))
    if (name === 'name' || modules !== undefined || budget === true)
      complain(
        `the param "${name}" is not one that a choice or a group can have`,
        'they have plain params, and none that is called "name"',
      );
  return params;
}

/** What the ports of a kind are about, as far as it is said; what is no text is complained of. */
function aboutOf(stage: Written, member: 'inputs' | 'outputs', complain: Complain): Record<string, string> {
  const abouts: Record<string, string> = {};
  for (const [name, value] of Object.entries(isObject(stage[member]) ? stage[member] : {})) {
    const about = isObject(value) ? value['about'] : undefined;
    if (typeof about === 'string') abouts[name] = about;
    else if (about !== undefined)
      complain(`"about" of "${name}" is not a text`, 'say in one sentence what the port holds', member, name, 'about');
  }
  return abouts;
}

function inputsOf(stage: Written, complain: Complain): Record<string, InputKind> {
  const inputs: Record<string, InputKind> = {};
  for (const [name, value] of entriesOf(stage, 'inputs', complain)) {
    const kind = isObject(value) ? value['kind'] : value;
    if (isObject(value)) checkKeys(value, INPUT_KEYS, { where: `the input "${name}"`, path: ['inputs', name], complain });
    if (isObject(value) && Object.keys(value).join() === 'kind')
      complain(`the input "${name}" is written as a mapping`, `write ${name}: '${String(kind)}'`, 'inputs', name);
    if (INPUT_KINDS.includes(kind as InputKind)) inputs[name] = kind as InputKind;
    else
      complain(`the input "${name}" is of no known kind: ${JSON.stringify(kind)}`, suggestion(String(kind), INPUT_KINDS), 'inputs', name);
  }
  return inputs;
}

function outputsOf(stage: Written, complain: Complain): Record<string, OutputDeclaration> {
  const outputs: Record<string, OutputDeclaration> = {};
  for (const [name, value] of entriesOf(stage, 'outputs', complain)) {
    const kind = isObject(value) ? value['kind'] : value;
    const measured = isObject(value) ? value['measured'] : undefined;
    if (isObject(value)) checkKeys(value, OUTPUT_KEYS, { where: `the output "${name}"`, path: ['outputs', name], complain });
    if (typeof kind !== 'string' || !/^(?:dir|file(?:\.[^/\0]+)?)$/.test(kind)) {
      const known = ['dir', 'file', 'file.json'];
      complain(`the output "${name}" is of no known kind: ${JSON.stringify(kind)}`, suggestion(String(kind), known), 'outputs', name);
      continue;
    }
    if (isObject(value) && Object.keys(value).join() === 'kind')
      complain(`the output "${name}" is written as a mapping`, `write ${name}: '${kind}'`, 'outputs', name);
    if (measured !== undefined && measured !== true)
      complain(
        `"measured" of the output "${name}" is ${JSON.stringify(measured)}`,
        'write measured: true, or leave it out',
        'outputs',
        name,
        'measured',
      );
    const isFolder = kind === 'dir';
    outputs[name] = { kind: isFolder ? 'dir' : 'file', suffix: isFolder ? '' : kind.slice('file'.length), measured: measured === true };
  }
  return outputs;
}

function metricsOf(stage: Written, complain: Complain): Record<string, Metric> {
  const metrics: Record<string, Metric> = {};
  for (const [name, value] of entriesOf(stage, 'metrics', complain)) {
    if (!isObject(value)) {
      complain(`the metric "${name}" is not a mapping`, `write ${name}: { about: '…' }`, 'metrics', name);
      continue;
    }
    checkKeys(value, METRIC_KEYS, { where: `the metric "${name}"`, path: ['metrics', name], complain });
    const { goal, tolerance } = value;
    if (goal !== undefined && goal !== 'maximize' && goal !== 'minimize')
      complain(
        `the goal of the metric "${name}" is ${JSON.stringify(goal)}`,
        suggestion(String(goal), ['maximize', 'minimize']),
        'metrics',
        name,
        'goal',
      );
    if (tolerance !== undefined && !(typeof tolerance === 'number' && tolerance >= 0 && Number.isFinite(tolerance)))
      complain(
        `the tolerance of the metric "${name}" is ${JSON.stringify(tolerance)}`,
        'write a number of at least 0',
        'metrics',
        name,
        'tolerance',
      );
    metrics[name] = value as unknown as Metric;
  }
  return metrics;
}

function resourcesOf(stage: Written, complain: Complain): Resources {
  const resources = stage['resources'] ?? {};
  if (!isObject(resources)) {
    complain('"resources" is not a mapping', "write resources: { cpu: 2, memory: '1GiB' }", 'resources');
    return {};
  }
  checkKeys(resources, RESOURCE_KEYS, { where: '"resources"', path: ['resources'], complain });
  const { cpu, gpu, memory } = resources;
  if (cpu !== undefined && !(Number.isSafeInteger(cpu) && (cpu as number) >= 1))
    complain(`"cpu" is ${JSON.stringify(cpu)}`, 'write a whole number of threads, at least 1', 'resources', 'cpu');
  if (gpu !== undefined && !(Number.isSafeInteger(gpu) && (gpu as number) >= 0))
    complain(`"gpu" is ${JSON.stringify(gpu)}`, 'write a whole number of devices', 'resources', 'gpu');
  if (memory !== undefined && !(typeof memory === 'string' && new RegExp(SIZE).test(memory)))
    complain(`"memory" is ${JSON.stringify(memory)}`, 'for example 512MiB or 2GiB', 'resources', 'memory');
  return resources as unknown as Resources;
}

/**
 * Believes what a `stage.ts` evaluated to, once every name and kind in it is one that Stillroom knows. `run` is the file of its work, which
 * the caller has found out. Problems have a place where `placeAt` knows one.
 */
export function declarationOf(written: unknown, file: string, run: string, placeAt: PlaceAt = () => undefined): Outcome<Declaration> {
  const problems: Problem[] = [];
  const complain: Complain = (message, hint, ...path) => {
    const place = placeAt(path);
    problems.push({ kind: 'pipeline', code: 'bad-stage', message: `${file}: ${message}`, ...(place === undefined ? {} : { place }), hint });
  };
  if (!isObject(written)) {
    complain('it has no default export made by defineStage', 'write export default before defineStage({ … })');
    return failed(...problems);
  }
  if (written['outputs'] === undefined) {
    const other = Object.keys(written).find((key) => nearest(key, ['outputs']) !== undefined);
    if (other === undefined) complain('it declares no outputs', "add outputs: { result: 'file.txt' }");
    else complain(`a stage has no "${other}"`, 'did you mean "outputs"?', other);
    return failed(...problems);
  }
  checkKeys(written, STAGE_KEYS, { where: 'a stage', complain });
  const { about, measures, network, former } = written;
  if (typeof about !== 'string') complain('"about" is not a text', 'say in one sentence what the stage does', 'about');
  if (measures !== undefined && measures !== 'machine')
    complain(`"measures" is ${JSON.stringify(measures)}`, "write measures: 'machine'", 'measures');
  if (network !== undefined && network !== true)
    complain(`"network" is ${JSON.stringify(network)}`, 'write network: true, or leave it out', 'network');
  const declaration: Declaration = {
    about: String(about),
    params: paramsOf(written, complain),
    inputs: inputsOf(written, complain),
    outputs: outputsOf(written, complain),
    portsAbout: { inputs: aboutOf(written, 'inputs', complain), outputs: aboutOf(written, 'outputs', complain) },
    metrics: metricsOf(written, complain),
    resources: resourcesOf(written, complain),
    ...(measures === 'machine' ? { measures } : {}),
    ...(network === true ? { network } : {}),
    ...(isObject(former) ? { former: former as Readonly<Record<string, string>> } : {}),
    run,
  };
  // What is kept of it is JSON, and what is given now is what will be read then.
  return problems.length > 0 ? failed(...problems) : done(JSON.parse(JSON.stringify(declaration)) as Declaration);
}
