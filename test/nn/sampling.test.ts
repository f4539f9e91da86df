import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomFor } from '../../src/nn/random.ts';
import balanced from '../../src/nn/samplers/balanced.ts';
import balancedDown from '../../src/nn/samplers/balanced-down.ts';
import balancedUp from '../../src/nn/samplers/balanced-up.ts';
import shuffled from '../../src/nn/samplers/shuffled.ts';

describe('sampling', () => {
  const pools = fc.record({
    labels: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 60 }),
    extra: fc.nat({ max: 40 }),
    seed: fc.integer(),
  });

  test('shuffled draws every image once before any comes again', () => {
    fc.assert(
      fc.property(pools, ({ labels, extra, seed }) => {
        const indices = labels.map((_, index) => index);
        const drawn = shuffled({ indices, labels: Uint16Array.from(labels) }, labels.length + extra, randomFor(seed));
        expect(drawn).toHaveLength(labels.length + extra);
        expect([...drawn.slice(0, labels.length)].sort((a, b) => a - b)).toEqual(indices);
      }),
    );
  });

  test('balanced draws every class equally often, ±1, and evenly within a class', () => {
    fc.assert(
      fc.property(pools, ({ labels, extra, seed }) => {
        const indices = labels.map((_, index) => index);
        const drawn = balanced({ indices, labels: Uint16Array.from(labels) }, labels.length + extra, randomFor(seed));
        const count = (items: readonly number[], item: number): number => items.filter((own) => own === item).length;
        const drawnLabels = drawn.map((index) => labels[index] as number);
        const classes = [...new Set(labels)].map((label) => count(drawnLabels, label));
        expect(Math.max(...classes) - Math.min(...classes)).toBeLessThanOrEqual(1);
        for (const label of new Set(labels)) {
          const images = indices.filter((index) => labels[index] === label).map((index) => count(drawn, index));
          expect(Math.max(...images) - Math.min(...images)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  const count = (items: readonly number[], item: number): number => items.filter((own) => own === item).length;
  /** Three images of class 0, ten of class 1, eight of class 2; those of class 9 are not in the pool. */
  const labels = Uint16Array.of(0, 2, 1, 9, 1, 2, 1, 9, 0, 1, 2, 9, 1, 2, 1, 9, 2, 1, 1, 9, 2, 0, 1, 9, 1, 2, 2);
  const pool = { indices: [...labels.keys()].filter((index) => labels[index] !== 9), labels };
  const sizes = [0, 1, 2].map((label) => count([...labels], label));

  test('balanced-down gives rounds of as many of each class as the smallest has, none twice, each round a new choice', () => {
    expect(sizes).toEqual([3, 10, 8]);
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 30 }), (seed, more) => {
        const drawn = balancedDown(pool, 18 + more, randomFor(seed));
        expect(drawn).toHaveLength(18 + more);
        for (const round of [drawn.slice(0, 9), drawn.slice(9, 18)]) {
          expect(new Set(round).size).toBe(9);
          expect(
            [0, 1, 2].map((label) =>
              count(
                round.map((index) => labels[index] as number),
                label,
              ),
            ),
          ).toEqual([3, 3, 3]);
        }
        expect(drawn.every((index) => pool.indices.includes(index))).toBe(true);
      }),
    );
    const random = randomFor(5);
    const seen = new Set(Array.from({ length: 20 }, () => balancedDown(pool, 9, random)).flat());
    expect(seen.size).toBe(pool.indices.length);
  });

  test('balanced-up gives rounds of as many of each class as the largest has, small ones with replacement', () => {
    const multiplicities = new Set<number>();
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 20 }), (seed, more) => {
        const drawn = balancedUp(pool, 30 + more, randomFor(seed));
        expect(drawn).toHaveLength(30 + more);
        const round = drawn.slice(0, 30);
        expect(
          [0, 1, 2].map((label) =>
            count(
              round.map((index) => labels[index] as number),
              label,
            ),
          ),
        ).toEqual([10, 10, 10]);
        const times = (label: number): number[] =>
          pool.indices.filter((index) => labels[index] === label).map((index) => count(round, index));
        expect(times(1)).toEqual(new Array(10).fill(1));
        for (const own of times(0)) multiplicities.add(own);
      }),
    );
    expect(Math.min(...multiplicities)).toBeLessThan(2);
    expect(Math.max(...multiplicities)).toBeGreaterThan(5);
  });

  test('the first images of a round are a random part of it, not one class', () => {
    for (const sampler of [balancedDown, balancedUp]) {
      const firsts = Array.from({ length: 60 }, (_, seed) => labels[sampler(pool, 1, randomFor(seed))[0] as number] as number);
      for (const label of [0, 1, 2]) expect(count(firsts, label)).toBeGreaterThan(8);
    }
  });

  test('no images to draw from is an error with every sampler', () => {
    for (const sampler of [shuffled, balanced, balancedDown, balancedUp]) {
      expect(() => sampler({ indices: [], labels: Uint16Array.of() }, 4, randomFor(1))).toThrow('no images to draw from');
    }
  });
});
