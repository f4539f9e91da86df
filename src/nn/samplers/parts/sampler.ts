import type { Random } from '../../random.ts';

/** Images to draw from: their indices and, for every image of the dataset, its class. */
export interface Pool {
  readonly indices: readonly number[];
  readonly labels: Uint16Array;
}

/** Draws `count` indices from the pool. */
export type Sampler = (pool: Pool, count: number, random: Random) => number[];

/**
 * Draws without end from a list: every item once, in random order, then all again in another.
 * @throws Error if the list is empty
 */
export function cycle(items: readonly number[], random: Random): () => number {
  if (items.length === 0) throw new Error('There are no images to draw from.');
  let round: number[] = [];
  return () => {
    if (round.length === 0) round = random.shuffle([...items]);
    return round.pop() as number;
  };
}

/**
 * The images of each class that has any, in the order of the classes.
 * @throws Error if there are none
 */
export function imagesByClass({ indices, labels }: Pool): Map<number, number[]> {
  if (indices.length === 0) throw new Error('There are no images to draw from.');
  const images = new Map<number, number[]>();
  for (const index of indices) {
    const label = labels[index] as number;
    const known = images.get(label);
    if (known === undefined) images.set(label, [index]);
    else known.push(index);
  }
  return new Map([...images].sort(([a], [b]) => a - b));
}

/**
 * A round that holds every class `size` times, in random order: images of a class with fewer are drawn with replacement, of all others
 * without.
 */
export function evenRound(images: ReadonlyMap<number, readonly number[]>, size: number, random: Random): number[] {
  const drawn = [...images.values()].flatMap((own) =>
    own.length < size
      ? Array.from({ length: size }, () => own[random.integer(own.length)] as number)
      : random.shuffle([...own]).slice(0, size),
  );
  return random.shuffle(drawn);
}

/** Draws rounds one after another until there are `count` indices; the last is cut short. */
export function rounds(count: number, round: () => readonly number[]): number[] {
  const drawn: number[] = [];
  while (drawn.length < count) for (const index of round()) drawn.push(index);
  return drawn.slice(0, count);
}
