import type { JsonObject } from '../../model/json.ts';
import { SIZE, TIME } from '../../text/amounts.ts';
import { outputPlotSchema } from './plot-schema.ts';

/** Names of params, sources, matrix variables and nodes. */
export const NAME = '^[a-z][a-z0-9_-]*$';
/** Names of ports and of a command's params: they are variables of its shell. */
export const VARIABLE = '^[a-z][a-z0-9_]*$';
/** Letters of a port's name: it is the beginning of a file's. */
export const LONGEST_PORT = 150;

const port: JsonObject = { pattern: VARIABLE, maxLength: LONGEST_PORT };
const text: JsonObject = { type: 'string' };
/** Bounds that a value may be held to. */
const bound = (description: string): JsonObject => ({ description });

/** Points of a matrix, or parts of such: or the name of a param that holds them. */
const points: JsonObject = {
  type: ['array', 'string'],
  minItems: 1,
  items: { type: 'object', minProperties: 1, propertyNames: { pattern: NAME }, description: 'a value for each of some variables' },
};

const condition: JsonObject = {
  description: 'a value, a list of values, or bounds such as { above: 32 }',
  anyOf: [
    { type: ['string', 'number', 'boolean', 'null'] },
    { type: 'array' },
    {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        above: bound('the value must be larger than this'),
        below: bound('the value must be smaller than this'),
        min: bound('the value must be at least this'),
        max: bound('the value must be at most this'),
        not: bound('the value must be another than this'),
      },
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
        from: { ...text, description: 'what is read: node.port, $sources.name or ./path' },
        where: { type: 'object', description: 'the matrix point of the one instance to take, such as { fold: 0 }' },
        all: {
          const: true,
          description: 'takes all instances, for commands: a folder with an artifact of each, named by its matrix point',
        },
        at: { ...text, description: 'where a command sees this input, relative to its working folder' },
      },
    },
  ],
};

const tool: JsonObject = {
  description: 'a program, whose file counts, or { run: command }, whose output counts',
  anyOf: [
    text,
    {
      type: 'object',
      additionalProperties: false,
      required: ['run'],
      properties: { run: { ...text, description: 'a command whose output counts as the version, such as python3 --version' } },
    },
  ],
};

const environment: JsonObject = {
  description: 'a list of names taken from the environment, or a mapping from name to value',
  anyOf: [
    { type: 'array', items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' } },
    {
      type: 'object',
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      additionalProperties: {
        description: 'a text, or { secret: true } for a value that is taken from the environment',
        anyOf: [
          text,
          {
            type: 'object',
            additionalProperties: false,
            required: ['secret'],
            properties: {
              secret: { const: true, description: 'taken from the environment, and neither hashed nor stored' },
            },
          },
        ],
      },
    },
  ],
};

/** A version of Python, as far as it is to be chosen. */
export const PYTHON_VERSION = '^3\\.\\d+(\\.\\d+)?$';

/** The one text that may stand for an environment. */
export const NONE = '^none$';

/** What says of the environment of commands. */
export const commandEnvironment: JsonObject = {
  type: 'object',
  description: 'whose programs commands find first, and what is installed in it counts',
  additionalProperties: false,
  properties: {
    python: {
      ...text,
      description:
        'a requirements.txt, pyproject.toml, uv.lock or pylock.toml, relative to the project: its environment is built once, and its locked packages count',
    },
    version: {
      type: 'string',
      pattern: PYTHON_VERSION,
      description: 'the version of Python that it is built of, such as "3.12": one that is installed (default: python3 of PATH)',
    },
    extras: {
      type: 'array',
      items: text,
      minItems: 1,
      description: 'optional dependencies of the project that are installed too, by name',
    },
    groups: {
      type: 'array',
      items: text,
      minItems: 1,
      description: 'dependency groups of the project that are installed too, such as dev',
    },
    venv: {
      ...text,
      description: 'the folder of a virtual environment of Python, relative to the project: its interpreter and packages count',
    },
  },
  minProperties: 1,
};

/** The JSON Schema of a node. */
export const nodeSchema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    about: { ...text, description: 'what the node does, for whoever reads the file; it counts for nothing' },
    uses: { ...text, description: 'the stage that does the work: a folder in stages/ of the project or of Stillroom' },
    run: {
      description: 'a shell text (run as bash -euo pipefail -c), or [program, argument, …]',
      anyOf: [text, { type: 'array', items: { type: ['string', 'number'] }, minItems: 1 }],
    },
    python: {
      description: 'a Python program of the project, or [program, argument, …]: it counts with the local modules that it imports',
      anyOf: [text, { type: 'array', items: { type: ['string', 'number'] }, minItems: 1 }],
    },
    notebook: {
      ...text,
      description:
        'a Jupyter notebook of the project that is executed with the params; it gives "notebook" (as executed) and "page" (HTML)',
    },
    code: {
      type: 'array',
      items: text,
      minItems: 1,
      description: 'files, folders and patterns of the project that a command runs or reads beside: they count, and stand where they are',
    },
    matrix: {
      type: 'object',
      description: 'variables and their values, such as { fold: [0, 1, 2] }: one instance for each combination',
      propertyNames: { pattern: NAME },
      additionalProperties: {
        type: ['array', 'string'],
        minItems: 1,
        description: 'the values of the variable: a list, or $name of a param that is one',
      },
      properties: {
        include: {
          ...points,
          description: 'points that are added: to each combination with which they agree, else as points of their own',
        },
        exclude: { ...points, description: 'combinations that are left out: those that have all the values of one of these' },
      },
      minProperties: 1,
    },
    when: {
      type: 'object',
      description: 'variables or params and what they must be, such as { size: { above: 32 } }; elsewhere the node is left out',
      additionalProperties: condition,
    },
    in: { type: 'object', description: 'what the node is given: an input for each port', propertyNames: port, additionalProperties: input },
    with: { type: 'object', description: 'params of the stage or command: values, or references such as $size' },
    out: {
      type: 'object',
      description: "a command's outputs: where it writes each, relative to its working folder; a folder ends in /",
      propertyNames: port,
      additionalProperties: {
        description: 'the path of an output, or { path, measured, plot }',
        anyOf: [
          text,
          {
            type: 'object',
            additionalProperties: false,
            required: ['path'],
            properties: {
              path: { ...text, description: 'where the command writes the output, relative to its working folder; a folder ends in /' },
              measured: {
                type: 'boolean',
                description: 'whether it holds measurements, which differ each time and are not judged (default: false)',
              },
              plot: outputPlotSchema,
            },
          },
        ],
      },
      minProperties: 1,
    },
    tools: { type: 'array', items: tool, description: 'programs that the command uses: a new version of one reruns the node' },
    metrics: {
      description:
        'a file of numbers that the command writes, in JSON, YAML or TOML (nested ones are named by dots: test.accuracy); or what is known of them',
      anyOf: [
        text,
        {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          properties: {
            path: { ...text, description: 'the file, relative to the working folder; metrics told while the command runs need none' },
            goals: {
              type: 'object',
              description: 'which metrics shall be large and which small',
              additionalProperties: { enum: ['maximize', 'minimize'], description: 'what is better' },
            },
            tolerance: {
              type: 'object',
              description: 'by how much a metric may differ when the run is reproduced',
              additionalProperties: { type: 'number', minimum: 0, description: 'the largest absolute difference' },
            },
          },
        },
      ],
    },
    environment: {
      ...commandEnvironment,
      type: ['object', 'string'],
      pattern: NONE,
      description: 'the environment of the command, in place of that of the file; none: what the system has',
    },
    budget: {
      ...text,
      description:
        'the param that only says how far the command goes (epochs): a larger one goes on from its checkpoints, and asha may raise it',
    },
    measures: { const: 'machine', description: 'the command measures the machine: nothing else runs beside it, and the machine counts' },
    resources: {
      type: 'object',
      description: 'what the node takes of the machine; it decides what runs at once',
      additionalProperties: false,
      properties: {
        cpu: { type: 'integer', minimum: 1, description: 'threads; they count for the result (default for commands: 1)' },
        gpu: { type: 'integer', minimum: 0, description: 'devices that the node has to itself (default: 0)' },
        memory: { type: 'string', pattern: SIZE, description: 'memory, such as 512MiB or 2GiB' },
      },
    },
    executor: {
      type: 'string',
      pattern: NAME,
      description: 'where the node is executed: an executor of stillroom.yaml (default: local, or --executor)',
    },
    confine: {
      enum: ['project', 'none'],
      description:
        'project: of the project a command sees only what it declares, so that any other read fails (default: what the file says)',
    },
    env: environment,
    timeout: { type: 'string', pattern: TIME, description: 'after this time the node is stopped and has failed, such as 30s, 10m or 2h' },
    retries: {
      type: 'integer',
      minimum: 0,
      maximum: 100,
      description: 'how often the node is tried again after it has failed (default: 0)',
    },
  },
  oneOf: [{ required: ['uses'] }, { required: ['run'] }, { required: ['python'] }, { required: ['notebook'] }],
};
