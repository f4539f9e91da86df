import { randomFor } from '../../../src/nn/random.ts';

/** The middle value. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The 95 % interval of the median by bootstrap. */
export function intervalOf(values: readonly number[]): readonly [number, number] {
  const random = randomFor(1);
  const medians = Array.from({ length: 2000 }, () => medianOf(values.map(() => values[random.integer(values.length)] as number)));
  medians.sort((a, b) => a - b);
  return [medians[50] as number, medians[1949] as number];
}
