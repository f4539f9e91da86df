import type { Sampler } from './parts/sampler.ts';
import { cycle, imagesByClass } from './parts/sampler.ts';

export const about = 'Every class equally often; each of its images once before any comes again.';

/**
 * Every class equally often (±1), whatever its number of images. Within a class each image comes once in random order before any comes
 * again, so images of large classes may be left out of an epoch and those of small ones come several times.
 */
const balanced: Sampler = (pool, count, random) => {
  const images = imagesByClass(pool);
  const draws = new Map([...images].map(([label, own]) => [label, cycle(own, random)]));
  const nextClass = cycle([...images.keys()], random);
  const drawn = Array.from({ length: count }, () => (draws.get(nextClass()) as () => number)());
  return random.shuffle(drawn);
};

export default balanced;
