import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviation, mean, squaresAroundMean } from '../../src/text/mean.ts';

const measured = fc.double({ min: -1e9, max: 1e9, noNaN: true, noDefaultInfinity: true });

test('equal values have exactly their value as mean, and no deviation', () => {
  fc.assert(
    fc.property(measured, fc.integer({ min: 2, max: 60 }), (value, count) => {
      const values = Array.from({ length: count }, () => value);
      expect(mean(values) === value).toBe(true);
      expect(deviation(values)).toBe(0);
    }),
  );
});

test('a mean lies among the values, is the same in any order, and its sum of squares is that of the textbook', () => {
  fc.assert(
    fc.property(fc.array(measured, { minLength: 2, maxLength: 30 }), (values) => {
      const middle = mean(values);
      expect(middle).toBeGreaterThanOrEqual(Math.min(...values));
      expect(middle).toBeLessThanOrEqual(Math.max(...values));
      expect(mean(values.toReversed())).toBe(middle);
      const exact = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - exact) ** 2, 0);
      expect(squaresAroundMean(values) / (squares || 1)).toBeCloseTo(squares === 0 ? 0 : 1, 6);
    }),
  );
});

test('frames per second that came out alike three times have no deviation, and digits that only come from rounding are left out', () => {
  expect(deviation([221.71142857142857, 221.71142857142857, 221.71142857142857])).toBe(0);
  expect(mean([0.1, 0.2, 0.3])).toBe(0.2);
  expect(deviation([1, 2, 3])).toBe(1);
  expect(mean([1e16, 1, -1e16])).toBe(Number((1 / 3).toPrecision(15)));
  expect([mean([]), deviation([1])]).toEqual([Number.NaN, undefined]);
});
