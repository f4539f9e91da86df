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

/** A choice as a stage or a pipeline writes it where it says more than the name. */
type WrittenChoice = { readonly name: string } & JsonObject;

interface ModuleOptions<Shared> extends ParamOptions<string | WrittenChoice> {
  /** The folder whose files are the choices: `./models` beside `stage.ts`, or `stillroom/nn/models`. */
  readonly folder: string;
  /** What every choice of the folder is told beside its own params. */
  readonly params?: { readonly [Name in keyof Shared]: Param<Shared[Name]> };
}

/**
 * A param's definition: its JSON Schema, whether it may be left out, and how it acts on the stage's code.
 * `Value` is the type that the stage's work sees; `Module` the type of what the chosen module makes.
 */
export interface Param<Value = unknown, Module = never> {
  readonly schema: JsonObject;
  readonly optional: boolean;
  /** The folder of modules that this param chooses from. */
  readonly modules?: string;
  /** Of a group: its members. Of a choice: what every choice is told. */
  readonly params?: Params;
  /** True if this param only decides how far the work goes (see `param.budget`). */
  readonly budget?: true;
  /** Types only: never present at run time. */
  readonly types?: { readonly value: Value; readonly module: Module };
}

/** Params by name, as a stage, a group or a choice declares them. */
export type Params = Readonly<Record<string, Param<unknown, unknown>>>;

/** The values of declared params, as the code that is given them sees them. */
export type ParamValues<Declared> = {
  readonly [Name in keyof Declared]: Declared[Name] extends Param<infer Value, infer _Module> ? Value : never;
};

/**
 * What a choice with params of its own exports as its default: a function of them that makes what the stage's work is given. Its file
 * exports the params beside it, as a function, so that they are read without the rest of the file, and no code that is hashed holds them:
 * `export const params = () => ({ gamma: param.number({ default: 2 }) });`
 */
export type Choice<Module, Declared extends () => Params> = (params: ParamValues<ReturnType<Declared>>) => Module;

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
  /** A list of at least one of the given texts, each at most once. */
  choices: <const Name extends string>(
    names: readonly Name[],
    options: ParamOptions<readonly NoInfer<Name>[]> = {},
  ): Param<readonly Name[]> =>
    define<readonly Name[]>({ type: 'array', items: { type: 'string', enum: names }, minItems: 1, uniqueItems: true }, options),
  /** A list of numbers. */
  numbers: (options: ParamOptions<readonly number[]> = {}): Param<readonly number[]> =>
    define({ type: 'array', items: { type: 'number' } }, options),
  /** A list of texts. */
  strings: (options: ParamOptions<readonly string[]> = {}): Param<readonly string[]> =>
    define({ type: 'array', items: { type: 'string' } }, options),
  /**
   * A file (by its name without `.ts`) in a folder of modules, with what it is told: `loss: focal`, or `loss: { name: focal, gamma: 2 }`.
   * Only the chosen module is bundled with the stage's code, and only its params are in the fingerprint, so adding a file beside it
   * reruns nothing. A choice's own params stand in its file (see `Choice`). The work finds what it makes at `modules.<param>`, its name
   * and what every choice is told at `params.<param>`.
   */
  module: <Module, Shared = unknown>({
    folder,
    params,
    ...options
  }: ModuleOptions<Shared>): Param<{ readonly name: string } & { readonly [Name in keyof Shared]: Shared[Name] }, Module> => {
    const { schema, optional } = define({ type: ['string', 'object'] }, options);
    return { schema, optional, modules: folder, ...(params === undefined ? {} : { params }) };
  },
  /** Params that belong together: `augment: { flip: false }`. Each keeps its own default. */
  group: <const Members extends Readonly<Record<string, Param>>>(
    params: Members,
    { about }: { readonly about?: string } = {},
  ): Param<ParamValues<Members>> => ({
    ...define<ParamValues<Members>>({ type: 'object' }, about === undefined ? {} : { about }),
    optional: Object.values(params).every(({ optional }) => optional),
    params,
  }),
  /**
   * A whole number that only says how far to go: checkpoints are shared over its values, so a larger budget continues. 0 is no budget: such
   * work goes all the way, and leaves no checkpoint.
   */
  budget: (options: NumberOptions = {}): Param<number> => ({
    ...define({ type: 'integer', ...bounds(options) }, options),
    budget: true,
  }),
};
