import type { Sampler } from './parts/sampler.ts';
import { evenRound, imagesByClass, rounds } from './parts/sampler.ts';

export const about = 'Every class as often as the largest has images: small ones repeat.';

/**
 * Rounds in which every class comes as often as the largest has images: those of the largest once each, those of the others drawn with
 * replacement (the mode `upsampling` of catalyst's BalanceClassSampler). An epoch is as many rounds as it needs, the last cut short.
 */
const balancedUp: Sampler = (pool, count, random) => {
  const images = imagesByClass(pool);
  const size = Math.max(...[...images.values()].map((own) => own.length));
  return rounds(count, () => evenRound(images, size, random));
};

export default balancedUp;
