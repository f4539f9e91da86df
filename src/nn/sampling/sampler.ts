import type { Random } from '../random.ts';

/** Images to draw from: their indices and, for every image of the dataset, its class. */
export interface Pool {
  readonly indices: readonly number[];
  readonly labels: Uint16Array;
}

/** Draws `count` (at least one of each image's worth of an epoch) indices from the pool. */
export type Sampler = (pool: Pool, count: number, random: Random) => number[];

/** Draws without end from a list: every item once, in random order, then all again in another. */
export function cycle(items: readonly number[], random: Random): () => number {
  let round: number[] = [];
  return () => {
    if (round.length === 0) round = random.shuffle([...items]);
    return round.pop() as number;
  };
}
