import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * The images of each class in a random order that the seed alone decides: what stratified choices are made from.
 * Classes are drawn from one generator in their order, each by a Fisher–Yates shuffle.
 * @param labels the class of each image
 */
export function shuffleByClass(labels: ArrayLike<number>, classes: number, seed: number): number[][] {
  const groups = Array.from({ length: classes }, (): number[] => []);
  for (let index = 0; index < labels.length; index++) groups[labels[index] as number]?.push(index);
  const generator = xoroshiro128plus(seed);
  for (const group of groups) {
    for (let last = group.length - 1; last > 0; last--) {
      const other = uniformInt(generator, 0, last);
      [group[last], group[other]] = [group[other] as number, group[last] as number];
    }
  }
  return groups;
}
