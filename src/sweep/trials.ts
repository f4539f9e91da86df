import type { Standing } from '../model/sweep-event.ts';
import type { SweepResult, SweepSpec, Trial } from '../model/sweep.ts';
import { bestFirst, paretoFront } from './ranking.ts';
import { lossesOf, type StartedTrial, violationOf } from './study.ts';

/** The trials of a sweep, each as its highest rung left it. */
export function trialsOf(all: readonly StartedTrial[], spec: SweepSpec): Trial[] {
  const newest = new Map<number, StartedTrial>();
  for (const started of all) {
    const known = newest.get(started.request.trial);
    if (known === undefined || known.request.rung <= started.request.rung) newest.set(started.request.trial, started);
  }
  return [...newest.values()]
    .sort((a, b) => a.request.trial - b.request.trial)
    .map(({ request: { trial, params, rung, whole }, end }) => ({
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
function ranking(trials: readonly Trial[]): Trial[] {
  const counted = trials.filter(({ losses, feasible, state }) => state === 'done' && feasible && losses !== undefined);
  return bestFirst(counted.map(({ losses = [] }) => losses)).flatMap((index) => counted[index] ?? []);
}

/** The trials that no other one surpasses in all objectives, the best in the first of them first. */
function frontOf(trials: readonly Trial[]): Trial[] {
  const counted = ranking(trials);
  const front = paretoFront(counted.map(({ losses = [] }) => losses)).flatMap((index) => counted[index] ?? []);
  return front.sort((a, b) => (a.losses?.[0] ?? 0) - (b.losses?.[0] ?? 0) || a.trial - b.trial);
}

/** The best trial: of several objectives the best in the first. Undefined without an objective, or where none came through. */
function bestTrial(trials: readonly Trial[], spec: SweepSpec): Trial | undefined {
  return spec.objectives.length === 0 ? undefined : spec.objectives.length === 1 ? ranking(trials)[0] : frontOf(trials)[0];
}

/** What came of a sweep. */
export function resultOf(id: string, all: readonly StartedTrial[], spec: SweepSpec, state: SweepResult['state']): SweepResult {
  const trials = trialsOf(all, spec);
  const best = bestTrial(trials, spec);
  const { ranking: order } = standingOf(trials, spec);
  return {
    id,
    spec,
    state,
    trials,
    ranking: order,
    best,
    front: spec.objectives.length > 1 ? frontOf(trials) : best === undefined ? [] : [best],
  };
}

/** How trials stand against each other. */
export function standingOf(trials: readonly Trial[], spec: SweepSpec): Standing {
  return { ranking: ranking(trials).map(({ trial }) => trial), best: bestTrial(trials, spec)?.trial };
}
