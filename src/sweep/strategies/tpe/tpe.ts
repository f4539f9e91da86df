import { canonicalJson } from '../../../model/canonical.ts';
import type { Json } from '../../../model/json.ts';
import type { Dimension, VariantParams, Space } from '../../../model/sweep.ts';
import { randomOf, type Random } from '../../random.ts';
import { bestFirst } from '../../ranking.ts';
import { drawParams, isActive } from '../../space.ts';
import { lossesOf, type Strategy, type Study, violationOf } from '../../study.ts';
import { ParzenEstimator } from './parzen.ts';

/** A trial that proposals learn from. */
interface Observation {
  readonly trial: number;
  readonly params: VariantParams;
}

/** Trials divided by how they came out; each part in the order of the trials. */
interface Division {
  readonly good: readonly Observation[];
  readonly bad: readonly Observation[];
}

/** The most good trials, whatever their share. */
const MOST_GOOD = 25;
const GOOD_SHARE = 0.1;

/**
 * The best tenth apart from the rest. Trials that break constraints come after those that keep them, those that break them less first;
 * trials still running count as bad, so that proposals made at the same time differ (the constant liar). Failed ones say nothing.
 */
function divide({ spec, started }: Study, known: (trial: number) => boolean): Division & { readonly count: number } {
  const feasible: { observation: Observation; losses: readonly number[] }[] = [];
  const infeasible: { observation: Observation; violation: number }[] = [];
  const running: Observation[] = [];
  for (const { request, end } of started) {
    const observation = { trial: request.trial, params: request.params };
    if (!known(request.trial)) running.push(observation);
    const losses = known(request.trial) ? lossesOf(end, spec.objectives) : undefined;
    if (losses === undefined) continue;
    const violation = violationOf(end?.metrics ?? {}, spec.constraints);
    if (violation > 0) infeasible.push({ observation, violation });
    else feasible.push({ observation, losses });
  }
  const count = feasible.length + infeasible.length;
  const few = Math.min(Math.ceil(GOOD_SHARE * count), MOST_GOOD);
  const ordered = [
    ...bestFirst(feasible.map(({ losses }) => losses)).flatMap((index) => feasible[index]?.observation ?? []),
    ...infeasible.sort((a, b) => a.violation - b.violation).map(({ observation }) => observation),
  ];
  const byTrial = (a: Observation, b: Observation): number => a.trial - b.trial;
  return { good: ordered.slice(0, few).sort(byTrial), bad: [...ordered.slice(few), ...running].sort(byTrial), count };
}

/** Params that apply under the same conditions are drawn together. */
function groups(space: Space): Dimension[][] {
  const found = new Map<string, Dimension[]>();
  for (const dimension of space) {
    const text = canonicalJson(dimension.when);
    found.set(text, [...(found.get(text) ?? []), dimension]);
  }
  return [...found.values()];
}

/** Of some points drawn where good trials are, the one where good trials are most likely against bad ones. */
function propose(space: Space, { good, bad }: Division, candidates: number, random: Random): VariantParams {
  let params: Record<string, Json> = {};
  for (const group of groups(space)) {
    if (!group.every((dimension) => isActive(dimension, params))) continue;
    const observed = (trials: readonly Observation[]): VariantParams[] =>
      trials.map((trial) => trial.params).filter((point) => group.every(({ name }) => point[name] !== undefined));
    const ofGood = new ParzenEstimator(group, observed(good));
    const ofBad = new ParzenEstimator(group, observed(bad));
    let best: VariantParams = {};
    let most = Number.NEGATIVE_INFINITY;
    for (let candidate = 0; candidate < candidates; candidate += 1) {
      const point = ofGood.draw(random);
      const gain = ofGood.logLikelihood(point) - ofBad.logLikelihood(point);
      if (gain <= most) continue;
      most = gain;
      best = point;
    }
    params = { ...params, ...best };
  }
  return params;
}

/**
 * Tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization"), multivariate and with categories
 * as in Optuna 5's TPESampler. A proposal learns from the trials that lie further back than the window, whatever else has finished by
 * then, so that proposals do not depend on how fast trials are.
 */
export const tpe: Strategy = {
  about: 'points that are likely among the best trials and unlikely among the others',
  settings: {
    startup: { type: 'integer', minimum: 1, default: 10, description: 'trials drawn evenly before the first that learns from others' },
    candidates: { type: 'integer', minimum: 1, default: 24, description: 'points that are compared for each trial' },
  },
  needs: { objective: true, limit: true },
  count: ({ spec }) => spec.trials,
  next(study) {
    const { spec, started, window } = study;
    const trial = started.length;
    if (trial >= (spec.trials ?? Number.POSITIVE_INFINITY)) return { kind: 'end' };
    const known = (other: number): boolean => other <= trial - window;
    if (started.some(({ request, end }) => end === undefined && known(request.trial))) return { kind: 'wait' };
    const random = randomOf(spec.seed, trial);
    const division = divide(study, known);
    const params =
      division.count < Number(spec.settings['startup'] ?? 10)
        ? drawParams(spec.space, random)
        : propose(spec.space, division, Number(spec.settings['candidates'] ?? 24), random);
    return { kind: 'start', request: { trial, params, rung: 0, whole: true } };
  },
};
