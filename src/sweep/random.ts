import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers. */
export interface Random {
  /** From 0 up to but not including 1. */
  uniform(): number;
  /** A whole number from 0 up to but not including `below`. */
  integer(below: number): number;
  /** Normal, of mean 0 and standard deviation 1 (Box and Muller). */
  normal(): number;
}

/** The stream that belongs to a trial of a sweep: whoever asks, and whenever, finds the same numbers. */
export function randomOf(seed: number, trial: number): Random {
  const generator = xoroshiro128plus(createHash('sha256').update(`${seed}/${trial}`).digest().readInt32LE(0));
  const uniform = (): number => uniformFloat64(generator);
  return {
    uniform,
    integer: (below) => Math.min(Math.floor(uniform() * below), below - 1),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
