import type { JsonObject } from '../../model/json.ts';
import { NAME } from '../pipeline/node-schema.ts';

/** Where results lie in a remote: parts of a path, of which none leads upward. */
export const PREFIX = '^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?$';

/** What all kinds of remotes have. */
const sharedOfRemotes: JsonObject = {
  trust: {
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: { type: 'string', pattern: PREFIX, examples: ['ci/'], description: 'a prefix' },
    description: 'the prefixes whose results are believed, such as [ci/], in the order in which they are asked (default: that of `write`)',
  },
  write: {
    type: 'string',
    pattern: PREFIX,
    examples: ['ci/'],
    description: 'the prefix that results are sent to, such as ci/ (default: the remote is only read)',
  },
};

/** The JSON Schema of a project file. What an executor or a remote takes beside its kind stands with the kind. */
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
            description:
              'how it executes nodes: process, as children of the run; detached, so that they outlive it; slurm or ray, as jobs of a cluster',
          },
        },
      },
    },
    remotes: {
      type: 'object',
      description: 'far shelves that results are looked for in and sent to, with --remote: a name for each, with its kind and settings',
      propertyNames: { pattern: NAME },
      additionalProperties: {
        type: 'object',
        required: ['kind'],
        description: 'a remote: its kind and settings',
        properties: {
          kind: {
            type: 'string',
            description: 'where it is: s3, in a bucket; folder, on a network drive or a USB disk; http, which is only read',
          },
          ...sharedOfRemotes,
        },
      },
    },
  },
};
