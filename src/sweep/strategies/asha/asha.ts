import type { VariantParams } from '../../../model/sweep.ts';
import { randomOf } from '../../random.ts';
import { drawParams } from '../../space.ts';
import { lossesOf, type StartedTrial, type Strategy, type Study } from '../../study.ts';

/**
 * The trial to promote from a rung: of the best 1/factor of those that completed it, the best that was not promoted yet. Equal ones
 * stand in the order of their numbers; failed ones are never promoted.
 */
function promotable(all: readonly StartedTrial[], rung: number, { spec }: Study): { trial: number; params: VariantParams } | undefined {
  const judge = spec.budget === undefined ? [] : [spec.budget.judge];
  const completed = all.flatMap(({ request, end }) => {
    const loss = request.rung === rung ? lossesOf(end, judge)?.[0] : undefined;
    return loss === undefined ? [] : [{ trial: request.trial, params: request.params, loss }];
  });
  const factor = Number(spec.settings['factor'] ?? 3);
  const best = completed.sort((a, b) => a.loss - b.loss || a.trial - b.trial).slice(0, Math.floor(completed.length / factor));
  const promoted = new Set(all.flatMap(({ request }) => (request.rung === rung + 1 ? [request.trial] : [])));
  return best.find(({ trial }) => !promoted.has(trial));
}

/**
 * Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2): whenever there
 * is room, the highest rung from which a trial can be promoted is served; where there is none, a new trial begins at the lowest rung.
 */
export const asha: Strategy = {
  about: 'many trials with a small budget, the best third of each rung again with three times as much',
  settings: {
    budget: { type: 'string', description: 'the param that says how far a node’s work goes, for example student.stop_after' },
    judge: { description: 'the metric of that node by which trials are promoted' },
    from: { type: 'integer', minimum: 1, default: 1, description: 'the lowest rung’s budget' },
    to: { type: 'integer', minimum: 1, description: 'the highest rung’s budget' },
    factor: { type: 'integer', minimum: 2, default: 3, description: 'how much the budget grows, and the share that is promoted falls' },
  },
  needs: { budget: true, limit: true },
  count: ({ spec }) => spec.trials,
  next(study) {
    const { spec, started } = study;
    const rungs = spec.budget?.rungs.length ?? 1;
    const isTop = (rung: number): boolean => rung === rungs - 1;
    for (let rung = rungs - 2; rung >= 0; rung -= 1) {
      const found = promotable(started, rung, study);
      if (found !== undefined)
        return { kind: 'start', request: { trial: found.trial, params: found.params, rung: rung + 1, whole: isTop(rung + 1) } };
    }
    const trial = started.filter(({ request }) => request.rung === 0).length;
    if (trial < (spec.trials ?? Number.POSITIVE_INFINITY))
      return { kind: 'start', request: { trial, params: drawParams(spec.space, randomOf(spec.seed, trial)), rung: 0, whole: isTop(0) } };
    return started.some(({ end }) => end === undefined) ? { kind: 'wait' } : { kind: 'end' };
  },
};
