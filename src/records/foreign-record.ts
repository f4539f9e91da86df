import { Ajv, type ValidateFunction } from 'ajv';
import type { JsonObject } from '../model/json.ts';
import { RECORD_FORMAT, type RunRecord } from '../model/run.ts';

/** Deeper values than any record holds. */
const DEEPEST = 100;

const text = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f]*$', maxLength: 4096 };
const digest = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const suffix = { type: 'string', pattern: '^(\\.[^/\\u0000-\\u001f\\u007f]{1,100})?$' };
const name = { pattern: '^[A-Za-z][^\\u0000-\\u001f\\u007f]{0,500}$' };
const port = { pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,100}$' };
const variable = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,200}$' };
/** Relative, and not leaving the folder. */
const path = { type: 'string', pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\u0000-\\u001f]+$', maxLength: 1000 };
const kind = { enum: ['dir', 'file'] };
const count = { type: 'integer', minimum: 0, maximum: 2 ** 53 };
const scalar = { type: ['string', 'number', 'boolean', 'null'] };
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
        key: map(scalar, port),
        origin: {
          anyOf: [
            shape({ kind: { const: 'source' }, source: text }),
            shape({ kind: { const: 'output' }, instance: text, port: { type: 'string', ...port } }),
          ],
        },
      }),
    ),
  },
  ['at'],
);

const work = {
  anyOf: [
    shape({
      kind: { const: 'stage' },
      packages: map(shape({ version: text, integrity: text }), { pattern: '^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$' }),
    }),
    shape(
      {
        kind: { const: 'command' },
        run: { anyOf: [{ type: 'string' }, list({ type: 'string' })] },
        tools: list({ anyOf: [shape({ program: text }), shape({ run: { type: 'string' } })] }),
        toolDigests: map({ type: 'string' }),
        paths: map(path, port),
        metrics: path,
      },
      ['metrics'],
    ),
  ],
};

const metric = shape({ goal: { enum: ['maximize', 'minimize'] }, tolerance: { type: 'number', minimum: 0 }, measured: { const: true } }, [
  'goal',
  'tolerance',
  'measured',
]);

const recipe = shape(
  {
    node: text,
    key: map(scalar, port),
    work,
    inputs: list(input),
    outputs: map(shape({ kind, suffix, measured: { type: 'boolean' } }), port),
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
  },
  ['timeout'],
);

const node = shape(
  {
    state: { enum: ['executed', 'reused'] },
    stage: text,
    cause: { type: 'string' },
    params: { type: 'object', propertyNames: port },
    code: digest,
    outputs: map(shape({ kind, digest, size: count, suffix, measured: { type: 'boolean' } }), port),
    metrics: map(shape({ value: { type: 'number' }, measured: { type: 'boolean' } }), { pattern: text.pattern }),
    recipe,
  },
  ['metrics'],
);

const RECORD = shape(
  {
    format: { const: RECORD_FORMAT },
    id: { type: 'string', pattern: '^[\\w-]{1,100}$' },
    state: { const: 'done' },
    hash: digest,
    pipeline: { ...text, minLength: 1 },
    file: text,
    started: text,
    params: { type: 'object' },
    set: list({ type: 'string' }),
    sources: map(shape({ digest, kept: { type: 'boolean' }, kind, size: count, suffix }), { pattern: text.pattern }),
    nodes: map(node, name),
    facts: { type: 'object' },
  },
  [],
);

let validate: ValidateFunction | undefined;

/** How deep a JSON text nests, without parsing it. */
function depthOf(json: string): number {
  let [depth, deepest, isText] = [0, 0, false];
  for (let index = 0; index < json.length; index += 1) {
    const char = json[index];
    if (isText) {
      if (char === '\\') index += 1;
      else if (char === '"') isText = false;
    } else if (char === '"') isText = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}

/** Reads the record of a done run that came from elsewhere. Returns it, or in words what makes it unfit to be done again. */
export function readForeignRecord(json: string): RunRecord | string {
  if (depthOf(json) > DEEPEST) return 'its record is nested too deeply';
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return 'its record is not JSON';
  }
  const { format } = (value ?? {}) as { format?: unknown };
  if (typeof format === 'number' && format > RECORD_FORMAT)
    return `a newer Stillroom wrote it (format ${format}; this one reads up to ${RECORD_FORMAT})`;
  validate ??= new Ajv({ strict: false, allErrors: true }).compile(RECORD);
  if (!validate(value)) {
    // Of the errors of alternatives the deepest is nearest to what was meant.
    const [error] = (validate.errors ?? []).toSorted((a, b) => b.instancePath.length - a.instancePath.length);
    return `its record is wrong at ${error?.instancePath || 'the top'}: ${error?.message ?? 'unknown'}`;
  }
  const record = value as RunRecord;
  return miswired(record) ?? record;
}

/** Inputs that lead nowhere. */
function miswired({ nodes, sources }: RunRecord): string | undefined {
  const known = new Set<string>();
  for (const [own, { recipe: found }] of Object.entries(nodes)) {
    for (const { elements, many } of found?.inputs ?? []) {
      if (!many && elements.length !== 1) return `its record is wrong: an input of ${own} has ${elements.length} elements`;
      for (const { origin } of elements) {
        if (origin.kind === 'source' ? !Object.hasOwn(sources, origin.source) : !known.has(`${origin.instance}\n${origin.port}`))
          return `its record is wrong: an input of ${own} comes from nowhere`;
      }
    }
    for (const out of Object.keys(found?.outputs ?? {})) known.add(`${own}\n${out}`);
  }
  return undefined;
}
