import type { Constraint, Objective, VariantParams, SweepSpec, TrialRun } from '../model/sweep.ts';

/** What a strategy asks for: a trial, or as much of it as a rung's budget allows. */
export interface TrialRequest {
  /** Counts from 0. */
  readonly trial: number;
  readonly params: VariantParams;
  /** 0 where there are no rungs. */
  readonly rung: number;
  /** Whether the whole pipeline runs, and not only the node that is judged. */
  readonly whole: boolean;
}

/** What came of a request. */
export interface TrialEnd {
  readonly state: 'done' | 'failed';
  /** Means over the repeats: `node.metric` to value. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Standard deviations over the repeats; empty without repeats. */
  readonly deviations: Readonly<Record<string, number>>;
  readonly runs: readonly TrialRun[];
  /** One sentence, of what failed. */
  readonly error?: string;
}

/** A request that was started, and what came of it. */
export interface StartedTrial {
  readonly request: TrialRequest;
  readonly end: TrialEnd | undefined;
}

/** All that a strategy may know. */
export interface Study {
  readonly spec: SweepSpec;
  /** What the pipeline says of the params of the space; one whose instances differ is left out. */
  readonly base: VariantParams;
  /** How many of the newest trials a proposal may not wait for: as many as run at once. */
  readonly window: number;
  /** In the order in which they were started. */
  readonly started: readonly StartedTrial[];
}

/** What a strategy wants next. */
export type Proposal = { readonly kind: 'start'; readonly request: TrialRequest } | { readonly kind: 'wait' } | { readonly kind: 'end' };

/** How variants are proposed: a pure function of what has been started and finished. */
export interface Strategy {
  readonly about: string;
  /** JSON Schema of each setting in the file's `strategy: { name, … }`. */
  readonly settings: Readonly<Record<string, object>>;
  readonly needs: {
    /** At least one objective. */
    readonly objective?: true;
    /** `budget`, `judge`, `from`, `to` and `factor`. */
    readonly budget?: true;
    /** `variants`, and no `over`. */
    readonly variants?: true;
    /** Ranges must have steps. */
    readonly steps?: true;
    /** An end: it would propose for ever. */
    readonly limit?: true;
  };
  /** How many trials there will be, where that is known. */
  count(study: Study): number | undefined;
  next(study: Study): Proposal;
}

/** Losses of an end, smaller is better, in the order of the objectives; undefined where one is missing or it failed. */
export function lossesOf(end: TrialEnd | undefined, objectives: readonly Objective[]): readonly number[] | undefined {
  if (end?.state !== 'done') return undefined;
  const losses = objectives.map(({ metric, goal }) => (goal === 'maximize' ? -1 : 1) * (end.metrics[metric] ?? Number.NaN));
  return losses.some(Number.isNaN) ? undefined : losses;
}

/** By how much metrics leave their bounds, in all; 0: by nothing. A metric that is missing leaves them. */
export function violationOf(metrics: TrialEnd['metrics'], constraints: readonly Constraint[]): number {
  let sum = 0;
  for (const { metric, bounds } of constraints) {
    const value = metrics[metric];
    if (value === undefined) return Number.POSITIVE_INFINITY;
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, above, below } = bounds;
    sum += Math.max(0, min - value) + Math.max(0, value - max);
    if (above !== undefined && value <= above) sum += Math.max(above - value, Number.MIN_VALUE);
    if (below !== undefined && value >= below) sum += Math.max(value - below, Number.MIN_VALUE);
  }
  return sum;
}

/** The next trial of a strategy that knows its points beforehand. */
export function nextOfPoints(points: readonly VariantParams[], { spec, started }: Study): Proposal {
  const trial = started.length;
  const params = points[trial];
  if (params === undefined || trial >= (spec.trials ?? Number.POSITIVE_INFINITY)) return { kind: 'end' };
  return { kind: 'start', request: { trial, params, rung: 0, whole: true } };
}
