import type { Sampler } from './parts/sampler.ts';
import { cycle } from './parts/sampler.ts';

export const about = 'Every image once, in random order.';

/** Every image once in random order; what is drawn beyond that starts another round. */
const shuffled: Sampler = ({ indices }, count, random) => {
  const next = cycle(indices, random);
  return Array.from({ length: count }, next);
};

export default shuffled;
