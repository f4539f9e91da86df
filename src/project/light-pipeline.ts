import { existsSync, readFileSync } from 'node:fs';
import { isObject } from '../files/json.ts';
import { paramsFilesOf } from '../load/pipeline/params-paths.ts';
import { referenceIn, valueNamed } from '../load/pipeline/references.ts';
import { readPlain } from '../load/yaml/plain.ts';
import { dottedParams } from '../model/dotted.ts';
import { instanceName } from '../model/instance-name.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { pointsOf } from '../model/matrix-points.ts';

/** What a pipeline file says by name, as far as a quick reading finds it: nothing is loaded, and nothing is checked. */
export interface LightPipeline {
  /** Its params by dotted name. */
  readonly params: Readonly<Record<string, Json>>;
  readonly sources: readonly string[];
  readonly nodes: readonly LightNode[];
}

/** A node as its file writes it. */
export interface LightNode {
  readonly name: string;
  readonly about: string;
  /** By dotted name, as they are written. */
  readonly params: Readonly<Record<string, Json>>;
  /** Its instances where it has a matrix that is written out. */
  readonly instances: readonly string[];
  /** The stage that it uses. */
  readonly uses: string | undefined;
}

/** Instances of a node that are worth listing. */
const MOST_INSTANCES = 200;

function members(value: Json | undefined): JsonObject {
  return isObject(value) ? (value as JsonObject) : {};
}

/** A value in which `$name` alone stands for a param. */
function filledIn(value: Json, params: JsonObject): Json {
  const name = referenceIn(value);
  const found = name === undefined ? undefined : valueNamed(name, new Map(Object.entries(params)));
  return found ?? value;
}

function instancesOf(name: string, matrix: JsonObject, params: JsonObject): readonly string[] {
  const { include: more = [], exclude: less = [], ...written } = matrix;
  const [include, exclude] = [filledIn(more, params), filledIn(less, params)];
  const values = Object.entries(written).map(([variable, list]) => [variable, filledIn(list, params)] as const);
  const isWrittenOut = [include, exclude, ...values.map(([, list]) => list)].every(Array.isArray);
  const count = values.reduce((product, [, list]) => product * (Array.isArray(list) ? list.length : 0), 1);
  if (Object.keys(matrix).length === 0 || !isWrittenOut || count > MOST_INSTANCES) return [];
  const filled = (list: Json): Json[] => (list as readonly Json[]).map((one) => filledIn(one, params));
  const variables = Object.fromEntries(values.map(([variable, list]) => [variable, filled(list)]));
  return pointsOf({ variables, include: include as readonly JsonObject[], exclude: exclude as readonly JsonObject[] }).map((key) =>
    instanceName(name, key),
  );
}

/** Reads a pipeline file; where it is more than plain YAML only the names of its nodes, by how they are indented. */
export function readLightly(file: string): LightPipeline {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const value = readPlain(text);
  if (value === undefined) return { params: {}, sources: [], nodes: namesOfNodes(text).map((name) => ({ ...NOTHING, name })) };
  const { from: _files, ...own } = members(value['params']);
  const taken = paramsFilesOf(value, file).map((path) => members(existsSync(path) ? readPlain(readFileSync(path, 'utf8')) : undefined));
  const params = Object.assign({}, ...taken, own) as JsonObject;
  const nodes = Object.entries(members(value['stages'])).map(([name, written]): LightNode => {
    const { uses, with: given, matrix, run } = members(written);
    const about = typeof uses === 'string' ? uses : typeof run === 'string' ? (run.trim().split('\n')[0] ?? '') : 'command';
    return {
      ...{ name, about, params: dottedParams(members(given)), instances: instancesOf(name, members(matrix), params) },
      uses: typeof uses === 'string' ? uses : undefined,
    };
  });
  return { params: dottedParams(params), sources: Object.keys(members(value['sources'])), nodes };
}

const NOTHING: Omit<LightNode, 'name'> = { about: '', params: {}, instances: [], uses: undefined };

function namesOfNodes(text: string): string[] {
  const inside = /^stages:[^\n]*\n((?:[ #][^\n]*\n?|\n)*)/m.exec(text)?.[1] ?? '';
  const indent = /^ +(?=[A-Za-z])/m.exec(inside)?.[0] ?? '  ';
  return [...inside.matchAll(new RegExp(`^${indent}([A-Za-z][\\w-]*):`, 'gm'))].map(([, name = '']) => name);
}

/** What is known of a declared param: what it is for, and the values that it may have, where they are listed. */
export interface LightParam {
  readonly about: string;
  readonly values: readonly Json[];
}

/** The params that stages declare, by stage, as far as the schema that editors are given says it. */
export function declaredParams(schema: JsonObject): ReadonlyMap<string, Readonly<Record<string, LightParam>>> {
  const found = new Map<string, Readonly<Record<string, LightParam>>>();
  const branches = at(schema, 'properties', 'stages', 'additionalProperties')['allOf'];
  for (const branch of Array.isArray(branches) ? branches : []) {
    const name = at(branch, 'if', 'properties', 'uses')['const'];
    if (typeof name !== 'string') continue;
    const params = Object.entries(at(branch, 'then', 'properties', 'with', 'properties'));
    found.set(name, Object.fromEntries(params.map(([param, one]) => [param, { about: aboutOf(one), values: valuesOf(one) }])));
  }
  return found;
}

function at(value: Json, ...steps: readonly string[]): JsonObject {
  return steps.reduce<JsonObject>((inside, step) => members(inside[step]), members(value));
}

function aboutOf(schema: Json): string {
  const { description } = members(schema);
  return typeof description === 'string' ? description : '';
}

/** The values that a schema lists, of a choice the names. */
function valuesOf(schema: Json): readonly Json[] {
  const { enum: listed, const: only, anyOf, type, properties } = members(schema);
  if (Array.isArray(listed)) return listed;
  if (only !== undefined) return [only];
  if (type === 'boolean') return [true, false];
  const kinds = Array.isArray(anyOf) ? anyOf.flatMap(valuesOf) : [];
  const name = members(properties)['name'];
  return [...new Set([...kinds, ...(name === undefined ? [] : valuesOf(name))])];
}
