import type { Json, JsonObject } from './json.ts';

/** What a param declares beside its type. */
interface ParamOptions<Value> {
  /** One sentence for `--help`, the JSON Schema and error messages. */
  readonly about?: string;
  /** The value when the pipeline gives none. A param without a default must be given. */
  readonly default?: Value;
}

/** Bounds of a numeric param, all inclusive unless named otherwise. */
interface NumberOptions extends ParamOptions<number> {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
}

interface ModuleOptions<Name extends string> extends ParamOptions<Name> {
  /** The folder whose files are the choices: `./models` beside `stage.ts`, or `stillroom/nn/models`. */
  readonly folder: string;
}

/**
 * A param's definition: its JSON Schema, whether it may be left out, and how it acts on the stage's code.
 * `Value` is the type that the stage's work sees; `Module` the type of the chosen module's default export.
 */
export interface Param<Value = unknown, Module = never> {
  readonly schema: JsonObject;
  readonly optional: boolean;
  /** The folder of modules that this param chooses from. */
  readonly modules?: string;
  /** True if this param only decides how far the work goes (see `param.budget`). */
  readonly budget?: true;
  /** Types only: never present at run time. */
  readonly types?: { readonly value: Value; readonly module: Module };
}

function define<Value>(type: JsonObject, options: ParamOptions<Value>): Param<Value> {
  const { about, default: fallback } = options;
  return {
    schema: {
      ...type,
      ...(about === undefined ? {} : { description: about }),
      ...(fallback === undefined ? {} : { default: fallback as Json }),
    },
    optional: fallback !== undefined,
  };
}

function bounds(options: NumberOptions): JsonObject {
  const { min, max, above, below } = options;
  return {
    ...(min === undefined ? {} : { minimum: min }),
    ...(max === undefined ? {} : { maximum: max }),
    ...(above === undefined ? {} : { exclusiveMinimum: above }),
    ...(below === undefined ? {} : { exclusiveMaximum: below }),
  };
}

/** The kinds of param a stage may declare. Each is defined once: its type, schema, default and documentation come from here. */
export const param = {
  /** A whole number within ±2^53. */
  int: (options: NumberOptions = {}): Param<number> => define({ type: 'integer', ...bounds(options) }, options),
  /** A finite number. */
  number: (options: NumberOptions = {}): Param<number> => define({ type: 'number', ...bounds(options) }, options),
  boolean: (options: ParamOptions<boolean> = {}): Param<boolean> => define({ type: 'boolean' }, options),
  string: (options: ParamOptions<string> & { readonly pattern?: string } = {}): Param<string> =>
    define({ type: 'string', ...(options.pattern === undefined ? {} : { pattern: options.pattern }) }, options),
  /** One of the given texts. */
  choice: <const Name extends string>(names: readonly Name[], options: ParamOptions<NoInfer<Name>> = {}): Param<Name> =>
    define<Name>({ type: 'string', enum: names }, options),
  /** A list of numbers. */
  numbers: (options: ParamOptions<readonly number[]> = {}): Param<readonly number[]> =>
    define({ type: 'array', items: { type: 'number' } }, options),
  /** A list of texts. */
  strings: (options: ParamOptions<readonly string[]> = {}): Param<readonly string[]> =>
    define({ type: 'array', items: { type: 'string' } }, options),
  /**
   * The name of a file (without `.ts`) in a folder of modules. Only the chosen module is bundled with the stage's code, so
   * adding a file beside it reruns nothing. The work finds the module's default export at `modules.<param>`.
   */
  module: <Module>(options: ModuleOptions<string>): Param<string, Module> => ({
    ...define<string>({ type: 'string' }, options),
    modules: options.folder,
  }),
  /** A whole number that only says how far to go: checkpoints are shared over its values, so a larger budget continues. */
  budget: (options: NumberOptions = {}): Param<number> => ({
    ...define({ type: 'integer', ...bounds(options) }, options),
    budget: true,
  }),
};
