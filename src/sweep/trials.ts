import type { Standing } from '../model/sweep-event.ts';
import type { SweepResult, SweepSpec, Trial } from '../model/sweep.ts';
import { bestFirst, paretoFront } from './ranking.ts';
import { lossesOf, type StartedTrial, violationOf } from './study.ts';

/** What is known of starts: a start that has ended is another object. */
const known = new WeakMap<SweepSpec, WeakMap<StartedTrial, Trial>>();

/** A trial as one of its rungs left it. */
function trialOf(started: StartedTrial, spec: SweepSpec): Trial {
  const trials = known.get(spec) ?? new WeakMap<StartedTrial, Trial>();
  known.set(spec, trials);
  const trial = trials.get(started) ?? toldTrial(started, spec);
  trials.set(started, trial);
  return trial;
}

function toldTrial({ request: { trial, params, rung, whole }, end }: StartedTrial, spec: SweepSpec): Trial {
  return {
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
  };
}

/** The trials of a sweep, each as its highest rung left it. */
export function trialsOf(all: readonly StartedTrial[], spec: SweepSpec): Trial[] {
  const newest = new Map<number, StartedTrial>();
  for (const started of all) {
    const known = newest.get(started.request.trial);
    if (known === undefined || known.request.rung <= started.request.rung) newest.set(started.request.trial, started);
  }
  return [...newest.values()].sort((a, b) => a.request.trial - b.request.trial).map((started) => trialOf(started, spec));
}

/** Trials that count: done ones that keep the constraints. */
function counting(trials: readonly Trial[]): Trial[] {
  return trials.filter(({ losses, feasible, state }) => state === 'done' && feasible && losses !== undefined);
}

/** Trials that count, the best first. Without an objective none is better than another. */
function ranking(trials: readonly Trial[]): Trial[] {
  const counted = counting(trials);
  return bestFirst(counted.map(({ losses = [] }) => losses)).flatMap((index) => counted[index] ?? []);
}

/** The trials that no other one surpasses in all objectives, the best in the first of them first. */
function frontOf(trials: readonly Trial[]): Trial[] {
  const counted = counting(trials);
  const front = paretoFront(counted.map(({ losses = [] }) => losses)).flatMap((index) => counted[index] ?? []);
  return front.sort((a, b) => (a.losses?.[0] ?? 0) - (b.losses?.[0] ?? 0) || a.trial - b.trial);
}

/** The best trial: of several objectives the best in the first. Undefined without an objective, or where none came through. */
function bestTrial(trials: readonly Trial[], { objectives }: SweepSpec): Trial | undefined {
  if (objectives.length === 0) return undefined;
  const counted = counting(trials);
  const least = counted.reduce((loss, { losses }) => Math.min(loss, losses?.[0] ?? 0), Number.POSITIVE_INFINITY);
  // Only one that is no worse in the first objective surpasses another in all.
  return frontOf(counted.filter(({ losses }) => losses?.[0] === least))[0];
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
