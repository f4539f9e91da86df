import type { JsonObject } from '../model/json.ts';
import { PLOT_MARKS } from '../model/plot.ts';
import { RECORD_FORMAT } from '../model/run.ts';

const text = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f]*$', maxLength: 4096 };
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const suffix = { type: 'string', pattern: '^(\\.[^/\\u0000-\\u001f\\u007f]{1,100})?$' };
/** Of an instance: a matrix point may be as long as what a file writes. */
const name = { pattern: '^[A-Za-z][^\\u0000-\\u001f\\u007f]*$', maxLength: 1_000_000 };
const port = { pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,100}$' };
const variable = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,200}$' };
/** Relative, and not leaving the folder. */
const path = { type: 'string', pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\u0000-\\u001f]+$', maxLength: 1000 };
const kind = { enum: ['dir', 'file'] };
const count = { type: 'integer', minimum: 0, maximum: 2 ** 53 };
const list = (items: object, maxItems = 100_000): JsonObject => ({ type: 'array', items: items as JsonObject, maxItems });
const map = (members: object, propertyNames: object = {}): JsonObject => ({
  type: 'object',
  propertyNames: propertyNames as JsonObject,
  additionalProperties: members as JsonObject,
});
const shape = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []): JsonObject => ({
  type: 'object',
  properties: properties as JsonObject,
  required: Object.keys(properties).filter((one) => !optional.includes(one)),
});

const input = shape(
  {
    port: { type: 'string', ...port },
    many: { type: 'boolean' },
    at: path,
    elements: list(
      shape({
        key: map({}, port),
        origin: {
          anyOf: [
            shape({ kind: { const: 'source' }, source: text }),
            shape({ kind: { const: 'output' }, instance: { type: 'string', ...name }, port: { type: 'string', ...port } }),
          ],
        },
      }),
    ),
  },
  ['at'],
);

const builtEnvironment = { python: text, version: text, extras: list(text), groups: list(text), lock: digest, asked: digest };

const work = {
  anyOf: [
    shape(
      {
        kind: { const: 'stage' },
        packages: map(shape({ version: text, integrity: text }), { pattern: '^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$' }),
        network: { const: true },
      },
      ['network'],
    ),
    shape(
      {
        kind: { const: 'command' },
        run: { anyOf: [{ type: 'string' }, list({ type: 'string' })] },
        tools: list({ anyOf: [shape({ program: text }), shape({ run: { type: 'string' } })] }),
        toolDigests: map({ type: 'string' }),
        paths: map(path, port),
        metrics: path,
        budget: text,
        environment: {
          anyOf: [shape({ venv: text }), shape(builtEnvironment, ['version', 'extras', 'groups'])],
        },
        code: shape(
          {
            script: path,
            module: text,
            search: list(text),
            more: list(text),
            recorded: shape({ digest, files: digest, size: { type: 'integer', minimum: 0 } }),
          },
          ['script', 'module'],
        ),
        environmentHeld: shape({ python: text, platform: text, packages: map({ type: 'string' }) }, ['platform']),
      },
      ['metrics', 'budget', 'environment', 'environmentHeld', 'code'],
    ),
  ],
};

const columns = list(text, 1000);
const look = { x: text, as: { enum: [...PLOT_MARKS] }, xLabel: text, yLabel: text };
const plot = shape({ ...look, y: columns, title: text }, ['x', 'as', 'xLabel', 'yLabel', 'y', 'title']);
const joinedPlot = shape(
  {
    ...look,
    name: text,
    y: list({ type: 'array', items: [text, columns] as unknown as JsonObject[], minItems: 2, maxItems: 2 }, 1000),
  },
  ['x', 'as', 'xLabel', 'yLabel'],
);

const metric = shape({ goal: { enum: ['maximize', 'minimize'] }, tolerance: { type: 'number', minimum: 0 }, measured: { const: true } }, [
  'goal',
  'tolerance',
  'measured',
]);

const recipe = shape(
  {
    node: text,
    key: map({}, port),
    work,
    inputs: list(input),
    outputs: map(shape({ kind, suffix, measured: { type: 'boolean' }, plot }, ['plot']), port),
    metrics: map(metric),
    resources: shape({
      cpu: { type: 'integer', minimum: 1, maximum: 4096 },
      gpu: { type: 'integer', minimum: 0, maximum: 64 },
      memory: { type: 'number', minimum: 0 },
    }),
    env: list(shape({ name: variable, value: { type: 'string' }, secret: { type: 'boolean' } }, ['value'])),
    measures: { type: 'boolean' },
    timeout: { type: 'number', exclusiveMinimum: 0 },
    retries: { type: 'integer', minimum: 0, maximum: 1000 },
    numbers: list({ type: 'string' }),
  },
  ['timeout', 'numbers'],
);

const node = shape(
  {
    state: { enum: ['executed', 'reused'] },
    stage: text,
    cause: { type: 'string' },
    params: { type: 'object', propertyNames: port },
    code: digest,
    outputs: map(
      shape({ kind, digest, size: count, suffix, measured: { type: 'boolean' }, executable: { const: true } }, ['executable']),
      port,
    ),
    metrics: map(shape({ value: { type: 'number' }, measured: { type: 'boolean' } }), { pattern: text.pattern }),
    disturbed: list(text),
    recipe,
  },
  ['metrics', 'disturbed'],
);

/** The JSON Schema of the record of a done run, as a pack holds it. */
export const recordSchema: JsonObject = shape(
  {
    format: { type: 'integer', minimum: 1, maximum: RECORD_FORMAT },
    id: { type: 'string', pattern: '^[\\w-]{1,100}$' },
    state: { const: 'done' },
    hash: digest,
    pipeline: { ...text, minLength: 1 },
    file: text,
    started: text,
    params: { type: 'object' },
    set: list({ type: 'string' }),
    sources: map(shape({ digest, kept: { type: 'boolean' }, kind, size: count, suffix, executable: { const: true } }, ['executable']), {
      pattern: text.pattern,
    }),
    sweep: shape({ id: text, trial: count }),
    nodes: map(node, name),
    facts: { type: 'object' },
    show: list(text),
    plots: list(joinedPlot, 1000),
    software: shape({ stillroom: text, node: text, commit: { type: 'string', pattern: '^[0-9a-f]{40,64}$' }, branch: text }, [
      'commit',
      'branch',
    ]),
  },
  ['sweep', 'show', 'plots', 'software'],
);
