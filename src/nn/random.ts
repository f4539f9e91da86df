import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers. */
export interface Random {
  /** From 0 up to but not including 1. */
  uniform(): number;
  /** A whole number from 0 up to but not including `below`. */
  integer(below: number): number;
  /** Puts the items into a random order, in place. */
  shuffle<Item>(items: Item[]): Item[];
}

/**
 * The stream that belongs to these whole numbers, for example (seed, purpose, step): the same numbers give the same stream wherever it
 * is drawn from, so work that was stopped goes on with the numbers it would have had.
 */
export function randomFor(...coordinates: readonly number[]): Random {
  const generator = xoroshiro128plus(mixed(coordinates));
  const integer = (below: number): number => uniformInt(generator, 0, below - 1);
  return {
    uniform: () => uniformFloat64(generator),
    integer,
    shuffle(items) {
      for (let last = items.length - 1; last > 0; last--) {
        const other = integer(last + 1);
        const item = items[last] as (typeof items)[number];
        items[last] = items[other] as typeof item;
        items[other] = item;
      }
      return items;
    },
  };
}

/** Mixes whole numbers (up to 2^53) into 32 bits, by the steps of MurmurHash3. */
function mixed(numbers: readonly number[]): number {
  let hash = 0x2f6b1d;
  for (const number of numbers) {
    for (const word of [number | 0, Math.floor(number / 2 ** 32) | 0]) {
      const scrambled = Math.imul(word, 0xcc9e2d51);
      hash ^= Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593);
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
