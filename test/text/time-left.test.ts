import { expect, test } from 'vitest';
import { roundedRange, timeLeftText } from '../../src/text/time-left.ts';

test.each([
  [undefined, 'time left unknown'],
  [[3, Number.POSITIVE_INFINITY], 'time left unknown'],
  [[200, Number.POSITIVE_INFINITY], 'more than 3 min left'],
  [[0, 2], 'a few seconds left'],
  [[11, 12], 'about 12 s left'],
  [[12.5, 23], '12 to 24 s left'],
  [[40, 78], '40 to 80 s left'],
  [[0, 90], 'up to 90 s left'],
  [[222, 251], 'about 4 min left'],
  [[181, 355], '3 to 6 min left'],
  [[10, 130], 'up to 3 min left'],
  [[3500, 4100], 'about 65 min left'],
  [[7300, 12_500], '2 to 3.5 h left'],
  [[40_000, 90_000], '11 to 25 h left'],
] as const)('%j is told as %s', (range, text) => {
  expect(timeLeftText(range === undefined ? undefined : { low: range[0], high: range[1] })).toBe(text);
});

test('what is told is rounded outward', () => {
  expect(roundedRange({ low: 181, high: 355 })).toEqual({ low: 180, high: 360 });
  expect(roundedRange({ low: 1, high: 2 })).toEqual({ low: 0, high: 5 });
});
