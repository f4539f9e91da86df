import { ownMember } from '../../model/own-member.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Pipeline } from '../../model/pipeline.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import type { Dimension, Objective, VariantParams, SweepSection, SweepSpec } from '../../model/sweep.ts';
import { CheckedBefore } from '../check.ts';
import { checks, schemas } from '../checks.ts';
import { isFull } from '../pipeline/context.ts';
import { Locate } from '../yaml/locate.ts';
import { amount } from '../../text/amounts.ts';
import { suggestion } from '../../text/suggestion.ts';
import { narrowed, readOnly } from './only.ts';
import { baseValue, checkNames, inOrder, readDimension, repeatValues, type SweepContext } from './space.ts';
import { readBudget } from './budget.ts';
import { checkNeeds, type KnownStrategy } from './needs.ts';
import { checkChoices, paramsOfNodes } from './choices.ts';
import { readYamlFile } from '../yaml/file.ts';
import { pointerStep } from '../../text/json-pointer.ts';
import { checkUsed, paramsSet } from './used.ts';
import { validate } from '../validate.ts';

/** A sweep to read: the file's section, with what the command line says in its place. */
export interface SweepRequest {
  readonly pipeline: Pipeline;
  readonly shownFile: string;
  /** A section in the form of the file's; each of its keys stands in place of the file's. */
  readonly options: JsonObject;
  /** The option that each of its keys, or entries of `over` and the like, came from; by JSON pointer below the section. */
  readonly optionNames: Readonly<Record<string, string>>;
  /** `--set` options that hold for all variants. */
  readonly set: readonly string[];
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  readonly strategies: Readonly<Record<string, KnownStrategy>>;
}

/** A sweep, and what the pipeline says of the params that it varies. */
export interface LoadedSweep {
  readonly spec: SweepSpec;
  readonly base: VariantParams;
}

/** Reads what a sweep is asked to do and checks it against the pipeline. All problems are returned together; nothing is executed. */
export async function loadSweep(request: SweepRequest): Promise<Outcome<LoadedSweep>> {
  const { pipeline, options, strategies } = request;
  const text = readYamlFile(pipeline.file, request.shownFile);
  if (text.problems.length > 0) return failed(...text.problems);
  const file = text.value as { sweep?: JsonObject; stages: SweepContext['stages']; sources?: JsonObject };
  const section = merged(file.sweep ?? {}, options);
  const pointers = Object.entries(request.optionNames).map(([pointer, option]) => [`/sweep${pointer}`, option] as const);
  const locate = new Locate(text, pointers);
  const problems: Problem[] = validate(section, { schema: schemas.sweep, check: checks.sweep }, locate, '/sweep', {
    code: 'unknown-key',
    noun: 'key',
  });
  if (problems.length > 0) return failed(...problems);
  const { over = {}, variants = [], strategy, objective, constraints = {}, ...rest } = section as SweepSection;
  const named = [over, ...variants, rest.repeats ?? {}].flatMap((one) => Object.keys(one));
  const nodes = await paramsOfNodes(named, pipeline, request.cache);
  const checked = new CheckedBefore(request.cache);
  const context: SweepContext = { pipeline, stages: file.stages, sources: file.sources ?? {}, nodes, locate, checked, problems };
  const repeats = Object.fromEntries(
    Object.entries(rest.repeats ?? {}).map(([key, values]) => [
      key,
      typeof values === 'string' ? repeatValues(key, values, context) : values,
    ]),
  );
  const chosen = readStrategy(strategy, variants.length > 0 && !('over' in options) ? 'list' : 'grid', strategies, context);
  if (!chosen.ok) return chosen;
  const { name, settings, known } = chosen.value;
  const space = known.needs.variants === true ? ofVariants(variants, context) : ofSection(over, context);
  checkNames(Object.keys(repeats), '/sweep/repeats', context);
  const only = readOnly(rest.only, context);
  const isNarrow = only !== undefined && !problems.some(({ code }) => code === 'unknown-node');
  const running = isNarrow ? narrowed(only, context) : context;
  const given = [...request.set, over, [...variants], repeats] as Json;
  const before = problems.length;
  const objectives = readObjectives(objective, running, file.stages);
  for (const metric of Object.keys(constraints)) checkMetric(metric, `/sweep/constraints${pointerStep(metric)}`, running, file.stages);
  // Where what is judged by is not run, neither is most of what is varied.
  if (problems.length === before || only === undefined)
    checkUsed(paramsSet(known.needs.variants === true ? variants : over, repeats), context, running, given);
  const budget = known.needs.budget === true && problems.length === 0 ? readBudget(settings, objectives, running) : undefined;
  const spec: SweepSpec = {
    space,
    strategy: name,
    settings,
    variants,
    repeats,
    objectives,
    constraints: Object.entries(constraints).map(([metric, bounds]) => ({ metric, bounds })),
    budget,
    only,
    seed: rest.seed ?? 0,
    trials: rest.trials,
    seconds: rest.time === undefined ? undefined : amount(rest.time),
    parallel: rest.parallel,
  };
  checked.flush();
  if (problems.length === 0) checkNeeds(spec, known, context);
  if (problems.length > 0) return failed(...problems);
  const base = space.flatMap((dimension) => {
    const value = baseValue(dimension.name, context);
    return value === undefined ? [] : [[dimension.name, value] as const];
  });
  return done({ spec, base: Object.fromEntries(base) });
}

/** What others call strategies. */
const OTHER_NAMES: readonly (readonly [others: string, own: string])[] = [
  ['bayes bayesian bayesopt bo optuna gp hyperopt parzen', 'tpe'],
  ['hyperband halving sha successive-halving bohb', 'asha'],
  ['exhaustive full cartesian product all', 'grid'],
  ['uniform sobol montecarlo monte-carlo', 'random'],
];

/** The strategy and its settings, checked by the schema that it brings. */
function readStrategy(
  strategy: SweepSection['strategy'],
  fallback: string,
  strategies: SweepRequest['strategies'],
  { locate, checked, problems }: SweepContext,
): Outcome<{ readonly name: string; readonly settings: JsonObject; readonly known: KnownStrategy }> {
  const { name, ...settings } = typeof strategy === 'object' ? strategy : { name: strategy ?? fallback };
  const known = ownMember(strategies, name);
  if (known === undefined) {
    const own = OTHER_NAMES.find(([others]) => others.split(' ').includes(name.toLowerCase()))?.[1];
    const hint = own === undefined ? suggestion(name, Object.keys(strategies)) : `it is called ${own} here`;
    return failed(locate.problem('unknown-strategy', `no strategy is named "${name}"`, '/sweep/strategy', 'value', hint));
  }
  const schema = settingsSchema(known);
  // All settings may be left out, as they most often are.
  const isGiven = Object.keys(settings).length > 0;
  if (isGiven)
    problems.push(
      ...validate(settings, { schema, check: checked.checkOf(schema) }, locate, '/sweep/strategy', {
        code: 'unknown-key',
        noun: 'setting',
      }),
    );
  return done({ name, settings, known });
}

/** The file's section with the options in place of its own keys. A strategy named again keeps its settings; `--over` alone makes a list a grid. */
function merged(section: JsonObject, options: JsonObject): JsonObject {
  const { strategy } = section;
  const written = strategy !== null && typeof strategy === 'object' ? (strategy as JsonObject)['name'] : strategy;
  const both = { ...section, ...options };
  if (strategy !== undefined && options['strategy'] === written) return { ...both, strategy };
  const { strategy: _strategy, ...others } = both;
  return 'over' in options && !('strategy' in options) && written === 'list' ? others : both;
}

function settingsSchema({ settings }: KnownStrategy): JsonObject {
  return { type: 'object', additionalProperties: false, properties: settings as JsonObject };
}

function ofSection(over: Readonly<Record<string, Json>>, context: SweepContext): Dimension[] {
  const pointerOf = (name: string): string => `/sweep/over${pointerStep(name)}`;
  const dimensions = Object.entries(over).flatMap(([name, written]) => readDimension(name, written, pointerOf(name), context) ?? []);
  checkChoices(dimensions, pointerOf, context);
  return inOrder(dimensions, pointerOf, context);
}

/** Variants written out vary what any of them names, over the values that they give it. */
function ofVariants(variants: readonly VariantParams[], context: SweepContext): Dimension[] {
  const values = new Map<string, Map<string, Json>>();
  for (const [index, variant] of variants.entries()) {
    for (const [name, value] of Object.entries(variant)) {
      const known = values.get(name) ?? new Map<string, Json>();
      readDimension(name, [value], `/sweep/variants/${index}${pointerStep(name)}`, context);
      const text = JSON.stringify(value);
      if (!known.has(text)) known.set(text, value);
      values.set(name, known);
    }
  }
  return [...values].map(([name, all]) => ({ name, domain: { kind: 'choice', values: [...all.values()] }, when: {} }));
}

function readObjectives(objective: SweepSection['objective'], context: SweepContext, all: SweepContext['stages']): Objective[] {
  // In the order of the file: the first is the one that the best is named by.
  return (Object.keys(objective ?? {}) as ('maximize' | 'minimize')[]).flatMap((goal) => {
    const named = objective?.[goal] ?? [];
    const metrics = typeof named === 'string' ? [named] : named;
    return metrics.map((metric, index) => {
      if (isFull(context)) return { metric, goal };
      checkMetric(metric, `/sweep/objective/${goal}${typeof named === 'string' ? '' : pointerStep(index)}`, context, all);
      return { metric, goal };
    });
  });
}

/** A metric must be one that a node reports; what a command writes into its metrics file is known only when it has run. `all`: also the nodes that do not run. */
function checkMetric(
  metric: string,
  pointer: string,
  { pipeline, stages, locate, problems }: SweepContext,
  all: SweepContext['stages'],
): void {
  const instance = pipeline.instances.find(({ name, node }) => [name, node].some((one) => metric.startsWith(`${one}.`)));
  if (instance?.work.kind === 'command' && instance.work.metrics !== undefined) return;
  const node = /^[^.[]*/.exec(metric)?.[0] ?? '';
  if (instance === undefined && node in stages && !pipeline.instances.some((one) => one.node === node)) return;
  const known = pipeline.instances.flatMap((one) => {
    const metrics = Object.keys(one.metrics).map((each) => `${one.node}.${each}`);
    return one.work.kind === 'command' && one.work.metrics !== undefined ? [...metrics, `${one.node}.…`] : metrics;
  });
  const reported = instance === undefined ? [] : Object.keys(instance.metrics);
  const own =
    instance === undefined ? '' : metric.slice((metric.startsWith(`${instance.name}.`) ? instance.name : instance.node).length + 1);
  if (reported.includes(own)) return;
  const hint =
    node in all && !(node in stages)
      ? `"only" leaves ${node} out: leave "only" away, or name a node that needs ${node}`
      : suggestion(metric, new Set(known));
  problems.push(locate.problem('unknown-metric', `no node that runs reports the metric "${metric}"`, pointer, 'value', hint));
}
