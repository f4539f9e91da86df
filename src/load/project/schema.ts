import type { JsonObject } from '../../model/json.ts';
import { NAME } from '../pipeline/schema.ts';

/** The JSON Schema of a project file. What an executor takes beside its kind stands with the kind. */
export const projectSchema: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Stillroom project',
  type: 'object',
  additionalProperties: false,
  properties: {
    executors: {
      type: 'object',
      description: 'where nodes can be executed: a name for each, with its kind and settings',
      propertyNames: { pattern: NAME },
      additionalProperties: {
        type: 'object',
        required: ['kind'],
        description: 'an executor: its kind and settings',
        properties: {
          kind: {
            type: 'string',
            description: 'how it executes nodes: process, as children of the run; detached, so that they outlive it',
          },
        },
      },
    },
  },
};
