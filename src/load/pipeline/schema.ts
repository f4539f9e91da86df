import type { JsonObject } from '../../model/json.ts';
import { SIZE, TIME } from '../../text/amounts.ts';
import { sweepSchema } from '../sweep/schema.ts';

/** Names of params, sources, matrix variables and nodes. */
export const NAME = '^[a-z][a-z0-9_-]*$';
/** Names of ports and of a command's params: they are variables of its shell. */
export const VARIABLE = '^[a-z][a-z0-9_]*$';
/** Letters of a port's name: it is the beginning of a file's. */
export const LONGEST_PORT = 150;

const port: JsonObject = { pattern: VARIABLE, maxLength: LONGEST_PORT };
const text: JsonObject = { type: 'string' };
const any: JsonObject = {};

const condition: JsonObject = {
  description: 'a value, a list of values, or bounds such as { above: 32 }',
  anyOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'array' },
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: { above: any, below: any, min: any, max: any, not: any },
    },
  ],
};

const input: JsonObject = {
  description: 'node.port, $sources.name or ./path; { from, where, at } selects an instance or places the input',
  anyOf: [
    text,
    {
      type: 'object',
      additionalProperties: false,
      required: ['from'],
      properties: {
        from: { ...text, description: 'node.port, $sources.name or ./path' },
        where: { type: 'object', description: 'the matrix point of the instance to take' },
        all: { const: true, description: 'for commands: a folder with the artifacts of all instances, each named by its matrix point' },
        at: { ...text, description: 'where a command sees this input, relative to its working folder' },
      },
    },
  ],
};

const tool: JsonObject = {
  anyOf: [text, { type: 'object', additionalProperties: false, required: ['run'], properties: { run: text } }],
};

const environment: JsonObject = {
  description: 'a list of names taken from the environment, or a mapping from name to value',
  anyOf: [
    { type: 'array', items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' } },
    {
      type: 'object',
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      additionalProperties: {
        anyOf: [text, { type: 'object', additionalProperties: false, required: ['secret'], properties: { secret: { const: true } } }],
      },
    },
  ],
};

const node: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    about: text,
    uses: { ...text, description: 'the stage: a folder in stages/ of the project or of Stillroom' },
    run: {
      description: 'a shell text (run as bash -euo pipefail -c), or [program, argument, …]',
      anyOf: [text, { type: 'array', items: { type: ['string', 'number'] }, minItems: 1 }],
    },
    matrix: {
      type: 'object',
      description: 'variables and their values: one instance for each combination',
      propertyNames: { pattern: NAME },
      additionalProperties: { type: 'array', minItems: 1 },
      minProperties: 1,
    },
    when: { type: 'object', description: 'variables and what they must be, or the node is left out', additionalProperties: condition },
    in: { type: 'object', propertyNames: port, additionalProperties: input },
    with: { type: 'object', description: 'params of the stage or command' },
    out: {
      type: 'object',
      description: "a command's outputs: where it writes each, relative to its working folder; a folder ends in /",
      propertyNames: port,
      additionalProperties: {
        anyOf: [
          text,
          { type: 'object', additionalProperties: false, required: ['path'], properties: { path: text, measured: { type: 'boolean' } } },
        ],
      },
      minProperties: 1,
    },
    tools: { type: 'array', items: tool, description: 'programs whose files count, or { run } whose output counts' },
    metrics: { ...text, description: 'a JSON file of numbers that the command writes' },
    measures: { const: 'machine', description: 'the command measures the machine: it runs alone' },
    resources: {
      type: 'object',
      additionalProperties: false,
      properties: {
        cpu: { type: 'integer', minimum: 1 },
        gpu: { type: 'integer', minimum: 0 },
        memory: { type: 'string', pattern: SIZE },
      },
    },
    executor: { type: 'string', pattern: NAME, description: 'where it is executed: an executor of stillroom.yaml' },
    env: environment,
    timeout: { type: 'string', pattern: TIME, description: 'for example 30s, 10m or 2h' },
    retries: { type: 'integer', minimum: 0, maximum: 100 },
  },
  oneOf: [{ required: ['uses'] }, { required: ['run'] }],
};

/** The JSON Schema of a pipeline file: what ajv validates and what an editor is given. */
export const pipelineSchema: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Stillroom pipeline',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'stages'],
  properties: {
    name: { type: 'string', pattern: NAME },
    about: text,
    params: { type: 'object', propertyNames: { pattern: NAME } },
    sources: {
      type: 'object',
      propertyNames: { pattern: NAME },
      additionalProperties: {
        description: 'a file or folder, relative to this file',
        anyOf: [
          text,
          {
            type: 'object',
            additionalProperties: false,
            required: ['path'],
            properties: {
              path: text,
              keep: { type: 'boolean' },
              obtain: { ...text, description: 'how to get it: a command that an error names where it is missing' },
            },
          },
        ],
      },
    },
    stages: { type: 'object', propertyNames: { pattern: NAME }, additionalProperties: node, minProperties: 1 },
    show: { type: 'array', items: text, description: 'the node.metric and node.port that the end of a run shows' },
    sweep: sweepSchema,
  },
};
