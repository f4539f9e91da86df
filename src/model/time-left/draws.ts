import type { Normal } from './belief.ts';
import { shareBelow, valueAt } from './normal.ts';

/** How many times all that is left is played through, at most; fewer where much is left. */
const MOST_DRAWS = 120;
const LEAST_DRAWS = 9;
const WORKS_DRAWN = 8000;

/** Beyond this many deviations nothing was foreseen: what has lasted so long lasts a part of that longer. */
const UNFORESEEN = 2.5;

/** A small generator of numbers from 0 to 1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function seedOf(name: string): number {
  let seed = 2_166_136_261;
  for (let index = 0; index < name.length; index += 1) seed = Math.imul(seed ^ name.charCodeAt(index), 16_777_619);
  return seed;
}

/**
 * Random numbers that are the same for the same name, so that what is told does not tremble. Each name's are spread evenly over all draws (a
 * Latin hypercube), so few draws are enough.
 */
export class Draws {
  private readonly shares = new Map<string, readonly number[]>();

  /** How many times so many works are played through. */
  countFor(works: number): number {
    return Math.max(LEAST_DRAWS, Math.min(MOST_DRAWS, Math.floor(WORKS_DRAWN / works)));
  }

  /** A number between 0 and 1. */
  share(name: string, draw: number, count: number): number {
    const known = this.shares.get(name);
    const shares = known?.length === count ? known : spread(count, generator(seedOf(name)));
    this.shares.set(name, shares);
    return shares[draw] ?? 0.5;
  }

  /** A number of the standard normal distribution. */
  normal(name: string, draw: number, count: number): number {
    return valueAt(this.share(`${name} together`, draw, count));
  }

  /** Seconds of which the logarithm is so distributed. */
  drawn({ mean, variance }: Normal, share: number): number {
    return Math.exp(mean + Math.sqrt(variance) * valueAt(share));
  }

  /** The seconds that are left of those when so many have passed. */
  drawnBeyond({ mean, variance }: Normal, share: number, elapsed: number): number {
    const deviation = Math.sqrt(variance);
    const passed = elapsed <= 0 ? -10 : (Math.log(elapsed) - mean) / deviation;
    if (passed > UNFORESEEN) return -elapsed * 0.3 * Math.log(1 - share);
    const below = shareBelow(passed);
    return Math.max(0, this.drawn({ mean, variance }, below + share * (1 - below)) - elapsed);
  }
}

/** The middles of so many equal parts of 0 to 1, shuffled. */
function spread(count: number, random: () => number): readonly number[] {
  const shares = Array.from({ length: count }, (_, index) => (index + 0.5) / count);
  for (let index = count - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [shares[index], shares[other]] = [shares[other] ?? 0, shares[index] ?? 0];
  }
  return shares;
}
