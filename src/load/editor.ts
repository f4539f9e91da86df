import type { Json, JsonObject } from '../model/json.ts';
import type { InputKind } from '../model/stage.ts';
import { findStage, type FoundStage, stageNames } from '../code/declarations.ts';
import { completionSchemas } from './pipeline/params.ts';
import { pipelineSchema } from './pipeline/schema.ts';
import { projectSchema } from './project/schema.ts';
import type { KnownStrategy } from './sweep/needs.ts';

/** What an editor is told beside the file's schema. */
export interface EditorSources {
  /** The project's folder, absolute. */
  readonly root: string;
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  /** Those that a sweep may name. */
  readonly strategies: Readonly<Record<string, KnownStrategy & { readonly about: string }>>;
}

/** A param's schema that also allows a reference in its place. */
function orReference(schema: JsonObject): JsonObject {
  const { description, default: fallback, anyOf, ...type } = schema;
  const reference: JsonObject = { type: 'string', pattern: '^\\$|\\$\\{' };
  const kinds = (anyOf as readonly JsonObject[] | undefined) ?? [type];
  const told = Object.entries({ description, default: fallback }).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return { ...Object.fromEntries(told), anyOf: [...kinds.map(withReferences), reference] };
}

/** The members of a group or a choice may be references too. */
function withReferences(schema: JsonObject): JsonObject {
  const { properties } = schema;
  return properties === undefined ? schema : { ...schema, properties: mapped(properties as Schemas, orReference) };
}

type Schemas = Readonly<Record<string, JsonObject>>;

function mapped(schemas: Schemas, change: (schema: JsonObject, name: string) => JsonObject): Schemas {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, change(schema, name)]));
}

/** A member of a schema that is a schema, or several by name. */
function inner(schema: JsonObject, ...path: readonly string[]): JsonObject {
  return path.reduce((at, step) => at[step] as JsonObject, schema);
}

/** A schema with some of its properties in place of those that it has. */
function withProperties(schema: JsonObject, properties: Schemas): JsonObject {
  return { ...schema, properties: { ...inner(schema, 'properties'), ...properties } };
}

/** What a port takes, in words. */
function kindInWords(kind: InputKind): string {
  const [, what, all, optional] = /^(dir|file)(\[\])?(\?)?$/.exec(kind) ?? [];
  const noun = what === 'dir' ? 'folder' : 'file';
  return `${all === undefined ? `a ${noun}` : `the ${noun}s of all instances`}${optional === undefined ? '' : ', optional'}`;
}

/** What a node's `in` and `with` hold where it uses a stage. */
async function stageBranch(
  name: string,
  { node, found, cache }: { node: JsonObject; found: FoundStage; cache: string },
): Promise<JsonObject> {
  const { inputs, about, portsAbout } = found.declaration;
  const input = inner(node, 'properties', 'in', 'additionalProperties');
  const ports = Object.entries(inputs).map(([port, kind]) => {
    const told = portsAbout?.inputs[port]?.replace(/\.$/, '');
    return [port, { ...input, description: told === undefined ? kindInWords(kind) : `${told} (${kindInWords(kind)})` }] as const;
  });
  const needed = Object.keys(inputs).filter((port) => inputs[port]?.endsWith('?') === false);
  const described = (member: string): JsonObject => ({
    type: 'object',
    description: inner(node, 'properties', member)['description'] ?? '',
  });
  const params = await completionSchemas(found, cache);
  const properties = {
    with: { ...described('with'), additionalProperties: false, properties: mapped(params, orReference) },
    in: { ...described('in'), additionalProperties: false, properties: Object.fromEntries(ports), required: needed },
  };
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  return { if: { properties: { uses: { const: name } }, required: ['uses'] }, then: { description: about, properties } };
}

/** The JSON Schema of pipelines that an editor is given: that of the file, with each stage's params and ports, and each strategy's settings. */
export async function editorSchema({ root, cache, strategies }: EditorSources): Promise<JsonObject> {
  const stages = inner(pipelineSchema, 'properties', 'stages');
  const node = inner(stages, 'additionalProperties');
  const names: string[] = [];
  const abouts: string[] = [];
  const branches: JsonObject[] = [];
  for (const name of stageNames(root)) {
    const found = await findStage(name, root, cache);
    names.push(name);
    abouts.push(found.ok ? found.value.declaration.about : name);
    if (found.ok) branches.push(await stageBranch(name, { node, found: found.value, cache }));
  }
  const { additionalProperties: _input, propertyNames: _port, ...ports } = inner(node, 'properties', 'in');
  // The ports of a stage are known: only those of a command may have any name.
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  const ofCommand: JsonObject = { if: { not: { required: ['uses'] } }, then: { properties: { in: inner(node, 'properties', 'in') } } };
  const uses = { ...inner(node, 'properties', 'uses'), enum: names, markdownEnumDescriptions: abouts };
  const fullNode = { ...withProperties(node, { in: ports, uses }), allOf: [ofCommand, ...branches] };
  const { title: _title, ...file } = pipelineSchema;
  return sentences(
    withProperties(file, {
      stages: { ...stages, additionalProperties: fullNode },
      sweep: sweepWith(inner(file, 'properties', 'sweep'), strategies),
    }),
  );
}

/** The schema of a sweep with the strategies that there are. */
function sweepWith(sweep: JsonObject, strategies: EditorSources['strategies']): JsonObject {
  const strategy = inner(sweep, 'properties', 'strategy');
  const names = Object.keys(strategies);
  const abouts = names.map((name) => sentence(strategies[name]?.about ?? name));
  const branches = Object.entries(strategies).map(([name, { about, settings }]) => ({
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: { name: { const: name, description: about }, ...(settings as Schemas) },
  }));
  return withProperties(sweep, {
    strategy: { ...strategy, anyOf: [{ type: 'string', enum: names, markdownEnumDescriptions: abouts }, ...branches] },
  });
}

/** What a kind takes: a schema by name, and those that it needs. */
interface TakenByKind {
  readonly settings: JsonObject;
  readonly required: readonly string[];
}

/** The JSON Schema of a project file that an editor is given: executors and remotes with the settings of their kinds, which are given by kind. */
export function projectEditorSchema(
  executors: Readonly<Record<string, JsonObject>>,
  remotes: Readonly<Record<string, TakenByKind>>,
): JsonObject {
  const { title: _title, ...file } = projectSchema;
  const taken = Object.fromEntries(Object.entries(executors).map(([kind, settings]) => [kind, { settings, required: [] }]));
  return sentences(withProperties(file, { executors: ofKinds(file, 'executors', taken), remotes: ofKinds(file, 'remotes', remotes) }));
}

/** The schema of a member of the project file whose values are of kinds, with what each takes. */
function ofKinds(file: JsonObject, member: string, taken: Readonly<Record<string, TakenByKind>>): JsonObject {
  const all = inner(file, 'properties', member);
  const { kind: named, ...shared } = inner(all, 'additionalProperties', 'properties') as Schemas;
  const kinds = Object.entries(taken).map(([kind, { settings, required }]) => ({
    type: 'object',
    additionalProperties: false,
    required: ['kind', ...required],
    properties: { kind: { ...named, const: kind }, ...shared, ...settings },
  }));
  return { ...all, additionalProperties: { anyOf: kinds } };
}

/** A description as a sentence: what messages put into one of theirs begins small and ends without a stop. */
export function sentence(text: string): string {
  const start = /^[a-z][a-z'-]*(?=[\s,:;]|$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

/** Members of a schema that are values of the file. */
const VALUES = ['default', 'const', 'enum'];

/** A schema in which all descriptions are sentences. */
function sentences(schema: JsonObject): JsonObject {
  const change = (value: Json, key: string): Json => {
    if (typeof value === 'string') return key === 'description' ? sentence(value) : value;
    if (Array.isArray(value)) return value.map((one: Json) => change(one, ''));
    return value !== null && typeof value === 'object' ? sentences(value as JsonObject) : value;
  };
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, VALUES.includes(key) ? value : change(value, key)]));
}
