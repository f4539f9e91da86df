import type { Json, JsonObject } from './json.ts';

/** A range of numbers, both ends included. */
export interface Range {
  readonly kind: 'int' | 'float';
  readonly from: number;
  readonly to: number;
  /** Values are spread evenly over their logarithms. */
  readonly log: boolean;
  /** How many values a strategy that needs a list takes; undefined: all of an `int`. */
  readonly steps?: number;
}

/** The values that a param may take. */
export type Domain = { readonly kind: 'choice'; readonly values: readonly Json[] } | Range;

/** A param that a sweep varies: `size`, `student.lr` or `teacher[fold=2].epochs`, as in `--set`. */
export interface Dimension {
  readonly name: string;
  readonly domain: Domain;
  /** Other params of the space and what they must be; else this one is left at what the pipeline says. */
  readonly when: JsonObject;
}

/** All params that a sweep varies; one stands behind those that its `when` names. */
export type Space = readonly Dimension[];

/** A point of the space: a value for each param that applies. */
export type Params = JsonObject;

/** A metric that shall be large or small: `node.metric`. */
export interface Objective {
  readonly metric: string;
  readonly goal: 'maximize' | 'minimize';
}

/** Bounds that a metric must keep for a trial to count. */
export interface Constraint {
  readonly metric: string;
  readonly bounds: { readonly above?: number; readonly below?: number; readonly min?: number; readonly max?: number };
}

/** A metric by which unfinished work is judged, and the param that says how far the work goes. */
export interface BudgetSpec {
  /** `node.param`. */
  readonly param: string;
  readonly node: string;
  readonly judge: Objective;
  /** The budgets of the rungs, rising. */
  readonly rungs: readonly number[];
}

/** What a sweep is asked to do, read and checked. */
export interface SweepSpec {
  readonly space: Space;
  readonly strategy: string;
  readonly settings: JsonObject;
  /** Variants written out, for the strategy `list`. */
  readonly variants: readonly Params[];
  /** Params whose values are run for each trial alike; their spread is noise. */
  readonly repeats: Readonly<Record<string, readonly Json[]>>;
  readonly objectives: readonly Objective[];
  readonly constraints: readonly Constraint[];
  readonly budget: BudgetSpec | undefined;
  /** The nodes that trials carry out, with what they need; undefined: all. */
  readonly only: readonly string[] | undefined;
  readonly seed: number;
  /** At most so many trials. */
  readonly trials: number | undefined;
  /** Seconds after which no trial is started. */
  readonly seconds: number | undefined;
  /** Trials at once. */
  readonly parallel: number | undefined;
}
