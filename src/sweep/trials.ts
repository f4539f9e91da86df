import type { Params, SweepSpec } from '../model/sweep.ts';
import { bestFirst, paretoFront } from './ranking.ts';
import { type JobRun, lossesOf, type StartedJob, violationOf } from './study.ts';

/** One variant, and how far it has come. */
export interface Trial {
  readonly trial: number;
  readonly params: Params;
  /** `unfinished`: it runs, or was stopped; `halted`: its rung's budget is spent and it was not promoted. */
  readonly state: 'unfinished' | 'done' | 'failed' | 'halted';
  /** The budget it was given last; undefined where there are no rungs. */
  readonly budget: number | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly deviations: Readonly<Record<string, number>>;
  readonly runs: readonly JobRun[];
  readonly error: string | undefined;
  /** Smaller is better, by objective; undefined for all but done trials. */
  readonly losses: readonly number[] | undefined;
  /** Whether it keeps all constraints. */
  readonly feasible: boolean;
}

/** The trials of a sweep, each as its highest rung left it. */
export function trialsOf(jobs: readonly StartedJob[], spec: SweepSpec): Trial[] {
  const newest = new Map<number, StartedJob>();
  for (const started of jobs) {
    const known = newest.get(started.job.trial);
    if (known === undefined || known.job.rung <= started.job.rung) newest.set(started.job.trial, started);
  }
  return [...newest.values()]
    .sort((a, b) => a.job.trial - b.job.trial)
    .map(({ job: { trial, params, rung, whole }, end }) => ({
      trial,
      params,
      state: end === undefined ? 'unfinished' : end.state === 'failed' ? 'failed' : whole ? 'done' : 'halted',
      budget: spec.budget?.rungs[rung],
      metrics: end?.metrics ?? {},
      deviations: end?.deviations ?? {},
      runs: end?.runs ?? [],
      error: end?.error,
      losses: whole ? lossesOf(end, spec.objectives) : undefined,
      feasible: end?.state === 'done' && violationOf(end.metrics, whole ? spec.constraints : []) === 0,
    }));
}

/** Trials that count, the best first: done ones that keep the constraints. Without an objective none is better than another. */
export function ranking(trials: readonly Trial[]): Trial[] {
  const counted = trials.filter(({ losses, feasible, state }) => state === 'done' && feasible && losses !== undefined);
  return bestFirst(counted.map(({ losses = [] }) => losses)).flatMap((index) => counted[index] ?? []);
}

/** The trials that no other one surpasses in all objectives, the best in the first of them first. */
export function frontOf(trials: readonly Trial[]): Trial[] {
  const counted = ranking(trials);
  const front = paretoFront(counted.map(({ losses = [] }) => losses)).flatMap((index) => counted[index] ?? []);
  return front.sort((a, b) => (a.losses?.[0] ?? 0) - (b.losses?.[0] ?? 0) || a.trial - b.trial);
}

/** The best trial: of several objectives the best in the first. Undefined without an objective, or where none came through. */
export function bestTrial(trials: readonly Trial[], spec: SweepSpec): Trial | undefined {
  return spec.objectives.length === 0 ? undefined : spec.objectives.length === 1 ? ranking(trials)[0] : frontOf(trials)[0];
}
