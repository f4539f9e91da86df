import { describe, expect, test } from 'vitest';
import { evaluate } from '../../stages/benchmark/formula.ts';

describe('formulas', () => {
  const values = { a: 2, b: 3 };
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['2 * -3 + 1', -5],
    ['a * b - min(a, b, 1)', 5],
    ['max(a, b) / 1.5e0', 2],
    ['sqrt(16) + log(exp(1))', 5],
  ])('%s = %d', (text, expected) => expect(evaluate(text, values)).toBeCloseTo(expected, 12));

  test.each([
    ['1 +', 'a number, a name or ( is expected in "1 +" instead of its end'],
    ['(1', ') is expected'],
    ['1 2', 'an operator or the end is expected'],
    ['a ** b', 'a number, a name or ( is expected'],
    ['constructor', 'there is no constructor in a formula; there are a, b'],
    ['', 'instead of its end'],
  ])('%s is refused', (text, message) => expect(() => evaluate(text, values)).toThrow(message));
});
