import type { Sampler } from './sampler.ts';
import { cycle } from './sampler.ts';

/** Every image once in random order; what is drawn beyond that starts another round. */
export const shuffled: Sampler = ({ indices }, count, random) => {
  const next = cycle(indices, random);
  return Array.from({ length: count }, next);
};
