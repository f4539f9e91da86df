import { expect, test } from 'vitest';
import { combinations } from '../../src/model/combinations.ts';

test('each combination is made once, the first name slowest', () => {
  expect(combinations({ a: [1, 2], b: ['x', 'y'] })).toEqual([
    { a: 1, b: 'x' },
    { a: 1, b: 'y' },
    { a: 2, b: 'x' },
    { a: 2, b: 'y' },
  ]);
  expect(combinations({})).toEqual([{}]);
  expect(combinations({ a: [1], b: [] })).toEqual([]);
});

test('a name that does not apply beside the values before it is left out', () => {
  expect(combinations({ a: [1, 2], b: ['x', 'y'] }, (name, before) => name !== 'b' || before['a'] === 2)).toEqual([
    { a: 1 },
    { a: 2, b: 'x' },
    { a: 2, b: 'y' },
  ]);
});
