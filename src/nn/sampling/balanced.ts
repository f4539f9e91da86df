import type { Sampler } from './sampler.ts';
import { cycle } from './sampler.ts';

/**
 * Every class equally often (±1), whatever its number of images. Within a class each image comes once in random order before any comes
 * again, so images of large classes may be left out of an epoch and those of small ones come several times.
 */
export const balanced: Sampler = ({ indices, labels }, count, random) => {
  const byClass = new Map<number, number[]>();
  for (const index of indices) {
    const label = labels[index] as number;
    const known = byClass.get(label);
    if (known === undefined) byClass.set(label, [index]);
    else known.push(index);
  }
  const classes = [...byClass.keys()].sort((a, b) => a - b);
  const draws = new Map(classes.map((label) => [label, cycle(byClass.get(label) as number[], random)]));
  const nextClass = cycle(classes, random);
  const drawn = Array.from({ length: count }, () => (draws.get(nextClass()) as () => number)());
  return random.shuffle(drawn);
};
