import type { JsonObject } from '../../model/json.ts';
import { TIME } from '../../text/amounts.ts';

const text: JsonObject = { type: 'string' };
const number: JsonObject = { type: 'number' };
const bound = (description: string): JsonObject => ({ ...number, description });
const point: JsonObject = { type: 'object', description: 'params and their values, named as in --set' };
const metrics: JsonObject = {
  description: 'node.metric, or a list of them',
  anyOf: [text, { type: 'array', items: text, minItems: 1 }],
};

const domain: JsonObject = {
  description: 'a list of values, a range such as "log:1e-4..1e-2" or "1..10", { from, to, log, steps, when } or { values, when }',
  anyOf: [
    text,
    { type: 'array', minItems: 1 },
    {
      type: 'object',
      additionalProperties: false,
      properties: {
        values: { type: 'array', minItems: 1, description: 'the values to choose from' },
        from: { ...number, description: 'the smallest value of the range' },
        to: { ...number, description: 'the largest value of the range' },
        log: { type: 'boolean', description: 'whether values are spread evenly over their logarithms (default: false)' },
        steps: { type: 'integer', minimum: 1, description: 'how many values a grid takes of the range' },
        when: { type: 'object', description: 'other params of the sweep and what they must be for this one to be varied' },
      },
    },
  ],
};

const bounds: JsonObject = {
  type: 'object',
  description: 'bounds such as { max: 3000000 }',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    above: bound('the metric must be larger than this'),
    below: bound('the metric must be smaller than this'),
    min: bound('the metric must be at least this'),
    max: bound('the metric must be at most this'),
  },
};

/** The JSON Schema of a file's `sweep:` section. */
export const sweepSchema: JsonObject = {
  type: 'object',
  description: 'variants of this pipeline and how to search them: stillroom sweep',
  additionalProperties: false,
  properties: {
    over: { type: 'object', description: 'params to vary, named as in --set, and their values', additionalProperties: domain },
    variants: { type: 'array', items: point, minItems: 1, description: 'variants written out, for the strategy list' },
    strategy: {
      description: 'the name of a strategy, or { name, … } with its settings',
      anyOf: [text, { type: 'object', required: ['name'], properties: { name: { ...text, description: 'the strategy' } } }],
    },
    repeats: {
      type: 'object',
      description: 'params whose values are run for each variant alike: their spread is given as ±',
      additionalProperties: {
        anyOf: [text, { type: 'array', minItems: 1 }],
        description: 'a list of values, or a text of them with commas between',
      },
    },
    objective: {
      type: 'object',
      description: 'what is looked for: { maximize: node.metric } or { minimize: node.metric }, or several for a Pareto front',
      additionalProperties: false,
      minProperties: 1,
      properties: { maximize: metrics, minimize: metrics },
    },
    constraints: {
      type: 'object',
      description: 'metrics and their bounds: a variant that breaks one is never the best',
      additionalProperties: bounds,
    },
    only: {
      description: 'the nodes that variants run, with what they need and nothing downstream',
      anyOf: [text, { type: 'array', items: text, minItems: 1 }],
    },
    seed: { type: 'integer', minimum: 0, description: 'decides what is proposed (default: 0)' },
    trials: { type: 'integer', minimum: 1, description: 'at most so many variants' },
    time: { type: 'string', pattern: TIME, description: 'no variant is started later, for example 30m' },
    parallel: { type: 'integer', minimum: 1, description: 'variants at once (default: the threads)' },
  },
};
