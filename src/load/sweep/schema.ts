import type { JsonObject } from '../../model/json.ts';
import { TIME } from '../../text/amounts.ts';

const text: JsonObject = { type: 'string' };
const number: JsonObject = { type: 'number' };
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
        values: { type: 'array', minItems: 1, description: 'the choices' },
        from: { ...number, description: 'the least value' },
        to: { ...number, description: 'the largest value' },
        log: { type: 'boolean', description: 'values are spread evenly over their logarithms' },
        steps: { type: 'integer', minimum: 1, description: 'how many values a grid takes of the range' },
        when: { type: 'object', description: 'other params of the sweep and what they must be' },
      },
    },
  ],
};

const bounds: JsonObject = {
  type: 'object',
  description: 'bounds such as { max: 3000000 }',
  additionalProperties: false,
  minProperties: 1,
  properties: { above: number, below: number, min: number, max: number },
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
      anyOf: [text, { type: 'object', required: ['name'], properties: { name: text } }],
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
      description: '{ maximize: node.metric } or { minimize: node.metric }, several for a Pareto front',
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
