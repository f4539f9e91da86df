import type { JsonObject } from '../../model/json.ts';
import { sweepSchema } from '../sweep/schema.ts';
import { commandEnvironment, NAME, nodeSchema } from './node-schema.ts';
import { joinedPlotSchema } from './plot-schema.ts';

const text: JsonObject = { type: 'string' };

/** The JSON Schema of a pipeline file: what ajv validates and what an editor is given. */
export const pipelineSchema: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Stillroom pipeline',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'stages'],
  properties: {
    name: { type: 'string', pattern: NAME, description: 'the name of the pipeline: its outputs lie in artifacts/latest/NAME' },
    about: { ...text, description: 'what the pipeline is for; it counts for nothing' },
    params: {
      type: 'object',
      description: 'values that nodes refer to as $name, and that --set name=value changes for one run',
      properties: {
        from: {
          description: 'files whose values become params: YAML, JSON or TOML, relative to this file; what stands here counts before them',
          anyOf: [text, { type: 'array', items: text }],
        },
      },
    },
    environment: commandEnvironment,
    confine: {
      enum: ['project', 'none'],
      description: 'project: of the project commands see only what they declare, so that any other read fails (default: none)',
    },
    sources: {
      type: 'object',
      description: 'files and folders from outside, which nodes read as $sources.name: their bytes count, not their times',
      propertyNames: { pattern: NAME },
      additionalProperties: {
        description: 'a file or folder, relative to this file, or { path, keep, obtain }',
        anyOf: [
          text,
          {
            type: 'object',
            additionalProperties: false,
            required: ['path'],
            properties: {
              path: { ...text, description: 'the file or folder, relative to this file' },
              keep: {
                type: 'boolean',
                description: 'whether its bytes are kept in the store, to reproduce runs (default: up to 256 MiB)',
              },
              links: {
                const: 'follow',
                description: 'read, and keep, what links lead to in their place, wherever it lies: those to a cache of data',
              },
              obtain: { ...text, description: 'how to get it, told where it is missing: a command or a sentence' },
            },
          },
        ],
      },
    },
    stages: {
      type: 'object',
      description: 'the nodes by name: each is a stage (uses) or a command (run)',
      propertyNames: { pattern: NAME },
      additionalProperties: nodeSchema,
      minProperties: 1,
    },
    show: {
      type: 'array',
      items: text,
      description: 'the node.metric and node.port that the end of a run shows, and a report begins with',
    },
    plots: {
      type: 'object',
      description: 'what a report draws of several tables together, by the name that stands above it',
      additionalProperties: joinedPlotSchema,
      minProperties: 1,
    },
    sweep: sweepSchema,
  },
};
