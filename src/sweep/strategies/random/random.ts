import { randomOf } from '../../random.ts';
import { drawParams } from '../../space.ts';
import type { Strategy } from '../../study.ts';

/** Points drawn evenly; each depends on the seed and its number alone. */
export const random: Strategy = {
  about: 'points drawn evenly from the space',
  settings: {},
  needs: { limit: true },
  count: ({ spec }) => spec.trials,
  next({ spec, started }) {
    const trial = started.length;
    if (trial >= (spec.trials ?? Number.POSITIVE_INFINITY)) return { kind: 'end' };
    return { kind: 'start', request: { trial, params: drawParams(spec.space, randomOf(spec.seed, trial)), rung: 0, whole: true } };
  },
};
