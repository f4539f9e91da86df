import type { Sampler } from './parts/sampler.ts';
import { evenRound, imagesByClass, rounds } from './parts/sampler.ts';

export const about = 'Every class as often as the smallest has images: large ones are left out in part.';

/**
 * Rounds in which every class comes as often as the smallest has images, none twice (the mode `downsampling` of catalyst's
 * BalanceClassSampler). Each round chooses anew; an epoch is as many of them as it needs.
 */
const balancedDown: Sampler = (pool, count, random) => {
  const images = imagesByClass(pool);
  const size = Math.min(...[...images.values()].map((own) => own.length));
  return rounds(count, () => evenRound(images, size, random));
};

export default balancedDown;
