/** A stream of whole numbers from 0 up to a bound, the same for the same seed. */
export type Dice = (below: number) => number;

/** Numbers from a seed (mulberry32). */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

/** One of some values. */
export function oneOf<Value>(roll: Dice, values: readonly Value[]): Value {
  return values[roll(values.length)] as Value;
}
