const LEVELS = 4;
const WIDTH = 5;

/**
 * A set of whole numbers below some million of which the least is found at once: bits, and above each 32 of them one that says whether any of
 * them is set. Each step takes the same time, however many there are.
 */
export class Marks {
  private readonly levels: readonly Uint32Array[];

  /** For numbers below `count`, which is at most 2 to the 20th. */
  constructor(count: number) {
    this.levels = Array.from({ length: LEVELS }, (_, level) => new Uint32Array(Math.ceil(count / 2 ** (WIDTH * (level + 1))) || 1));
  }

  add(mark: number): void {
    for (const [level, words] of this.levels.entries()) {
      const at = mark >>> (WIDTH * level);
      words[at >>> WIDTH] = (words[at >>> WIDTH] ?? 0) | (1 << (at & 31));
    }
  }

  delete(mark: number): void {
    for (const [level, words] of this.levels.entries()) {
      const at = mark >>> (WIDTH * level);
      const left = (words[at >>> WIDTH] ?? 0) & ~(1 << (at & 31));
      words[at >>> WIDTH] = left;
      if (left !== 0) return;
    }
  }

  /** The least; undefined where there is none. */
  get first(): number | undefined {
    let at = 0;
    for (let level = LEVELS - 1; level >= 0; level -= 1) {
      const word = this.levels[level]?.[at] ?? 0;
      if (word === 0) return undefined;
      // The place of the lowest bit that is set.
      at = (at << WIDTH) | (31 - Math.clz32(word & -word));
    }
    return at;
  }
}
