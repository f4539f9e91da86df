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

/** All params that a sweep varies; one comes after those that its `when` names. */
export type Space = readonly Dimension[];

/** A point of the space: a value for each param that applies. */
export type VariantParams = JsonObject;

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

/** A sweep as a file's `sweep:` section writes it. */
export interface SweepSection {
  /** Params to vary and their values: a list, `32,96`, a range such as `log:1e-4..1e-2/5`, or a mapping. */
  readonly over?: Readonly<Record<string, Json>>;
  /** Variants written out, for the strategy `list`. */
  readonly variants?: readonly VariantParams[];
  readonly strategy?: string | (JsonObject & { readonly name: string });
  /** Params whose values are run for each trial alike: a list, or `1,2,3`. */
  readonly repeats?: Readonly<Record<string, string | readonly Json[]>>;
  readonly objective?: { readonly maximize?: string | readonly string[]; readonly minimize?: string | readonly string[] };
  readonly constraints?: Readonly<Record<string, Constraint['bounds']>>;
  readonly only?: string | readonly string[];
  readonly seed?: number;
  /** At most so many trials. */
  readonly trials?: number;
  /** No trial is started later: `90s`, `30m`, `2h`. */
  readonly time?: string;
  /** Trials at once. */
  readonly parallel?: number;
}

/** What a sweep is asked to do, read and checked. */
export interface SweepSpec {
  readonly space: Space;
  readonly strategy: string;
  readonly settings: JsonObject;
  /** Variants written out, for the strategy `list`. */
  readonly variants: readonly VariantParams[];
  /** Params whose values are run for each trial alike; their spread is noise. */
  readonly repeats: Readonly<Record<string, readonly Json[]>>;
  readonly objectives: readonly Objective[];
  readonly constraints: readonly Constraint[];
  readonly budget: BudgetSpec | undefined;
  /** The nodes that trials run, with what they need; undefined: all. */
  readonly only: readonly string[] | undefined;
  readonly seed: number;
  /** At most so many trials. */
  readonly trials: number | undefined;
  /** Seconds after which no trial is started. */
  readonly seconds: number | undefined;
  /** Trials at once. */
  readonly parallel: number | undefined;
}

/** One run of a trial: there is one for each repeat. */
export interface TrialRun {
  readonly run: string;
  readonly hash: string | null;
  /** What set it apart from the other repeats. */
  readonly repeat: VariantParams;
  /** `node.metric` to value. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Digest of all that was asked of it: settings, code and sources. */
  readonly asked: string;
}

/** One variant, and how far it has come. */
export interface Trial {
  /** Counts from 0. */
  readonly trial: number;
  readonly params: VariantParams;
  /** `unfinished`: it runs, or was stopped; `halted`: its rung's budget is spent and it was not promoted. */
  readonly state: 'unfinished' | 'done' | 'failed' | 'halted';
  /** The budget it was given last; undefined where there are no rungs. */
  readonly budget: number | undefined;
  /** Means over the repeats. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Standard deviations over the repeats; empty without repeats. */
  readonly deviations: Readonly<Record<string, number>>;
  readonly runs: readonly TrialRun[];
  /** One sentence, of a failed trial. */
  readonly error: string | undefined;
  /** Smaller is better, by objective; undefined for all but done trials. */
  readonly losses: readonly number[] | undefined;
  /** Whether it keeps all constraints. */
  readonly feasible: boolean;
}

/** What came of a sweep. */
export interface SweepResult {
  readonly id: string;
  readonly spec: SweepSpec;
  /** `stopped`: it goes on when it is started again. */
  readonly state: 'done' | 'stopped';
  /** In the order of their numbers. */
  readonly trials: readonly Trial[];
  /** The numbers of the trials that count, the best first. */
  readonly ranking: readonly number[];
  /** Of several objectives the best in the first; undefined without an objective, or where no trial came through. */
  readonly best: Trial | undefined;
  /** Trials that no other surpasses; of one objective only the best. */
  readonly front: readonly Trial[];
}
