import type { JsonObject } from '../model/json.ts';
import { findStage, stageNames } from '../code/declarations.ts';
import { completionSchemas } from './pipeline/params.ts';
import { pipelineSchema } from './pipeline/schema.ts';
import { projectSchema } from './project/schema.ts';

/** A param's schema that also allows a reference in its place. */
function orReference(schema: JsonObject): JsonObject {
  const { description, anyOf, ...type } = schema;
  const reference: JsonObject = { type: 'string', pattern: '^\\$|\\$\\{' };
  const kinds = (anyOf as readonly JsonObject[] | undefined) ?? [type];
  return { ...(description === undefined ? {} : { description }), anyOf: [...kinds.map(withReferences), reference] };
}

/** The members of a group or a choice may be references too. */
function withReferences(schema: JsonObject): JsonObject {
  const { properties } = schema;
  if (properties === undefined) return schema;
  const members = Object.entries(properties as Readonly<Record<string, JsonObject>>);
  return { ...schema, properties: Object.fromEntries(members.map(([name, own]) => [name, orReference(own)])) };
}

/** The JSON Schema that an editor is given: that of the file, with each stage's params and ports. */
export async function editorSchema(root: string, cache: string): Promise<JsonObject> {
  const branches: JsonObject[] = [];
  const names = stageNames(root);
  for (const name of names) {
    const found = await findStage(name, root, cache);
    if (!found.ok) continue;
    const params = await completionSchemas(found.value, cache);
    const { inputs, about } = found.value.declaration;
    branches.push({
      if: { properties: { uses: { const: name } }, required: ['uses'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: {
        description: about,
        properties: {
          with: {
            type: 'object',
            additionalProperties: false,
            properties: Object.fromEntries(Object.entries(params).map(([param, schema]) => [param, orReference(schema)])),
          },
          in: {
            type: 'object',
            additionalProperties: false,
            properties: Object.fromEntries(Object.keys(inputs).map((port) => [port, true])),
          },
        },
      },
    });
  }
  const properties = pipelineSchema['properties'] as JsonObject;
  const stages = properties['stages'] as JsonObject;
  const node = stages['additionalProperties'] as JsonObject;
  const uses = { ...((node['properties'] as JsonObject)['uses'] as JsonObject), enum: names };
  const fullNode: JsonObject = { ...node, properties: { ...(node['properties'] as JsonObject), uses }, allOf: branches };
  return { ...pipelineSchema, properties: { ...properties, stages: { ...stages, additionalProperties: fullNode } } };
}

/** The JSON Schema of a project file that an editor is given: an executor with the settings of its kind, which are given by kind. */
export function projectEditorSchema(settings: Readonly<Record<string, JsonObject>>): JsonObject {
  const properties = projectSchema['properties'] as JsonObject;
  const executors = properties['executors'] as JsonObject;
  const executor = executors['additionalProperties'] as JsonObject;
  const own = executor['properties'] as JsonObject;
  const kinds = Object.entries(settings).map(([kind, taken]) => ({
    type: 'object',
    additionalProperties: false,
    required: ['kind'],
    properties: { kind: { ...(own['kind'] as JsonObject), const: kind }, ...taken },
  }));
  return { ...projectSchema, properties: { ...properties, executors: { ...executors, additionalProperties: { anyOf: kinds } } } };
}
