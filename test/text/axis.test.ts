import { describe, expect, test } from 'vitest';
import { countAxis, valueAxis } from '../../src/text/axis.ts';

describe('axes', () => {
  const labels = ({ marks }: ReturnType<typeof valueAxis>): string[] => marks.map(({ label }) => label);

  test.each([
    [
      [0.512, 1.9],
      ['0.5', '1.0', '1.5', '2.0'],
    ],
    [
      [0, 0.008],
      ['0', '0.002', '0.004', '0.006', '0.008'],
    ],
    [
      [0, 0.000029],
      ['0', '1e-5', '2e-5', '3e-5'],
    ],
    [
      [1, 1],
      ['0.9', '1.0'],
    ],
    [
      [0, 0],
      ['0', '0.2'],
    ],
    [
      [-0.3, 0.4],
      ['-0.4', '-0.2', '0', '0.2', '0.4'],
    ],
  ])('of the values %j have the marks %j', (values, expected) => {
    const axis = valueAxis(values, 5);
    expect(labels(axis)).toEqual(expected);
    expect(axis.from).toBeLessThanOrEqual(Math.min(...values));
    expect(axis.to).toBeGreaterThanOrEqual(Math.max(...values));
  });

  test.each([
    [1, ['1']],
    [4, ['1', '2', '3', '4']],
    [12, ['1', '2', '4', '6', '8', '10', '12']],
    [137, ['1', '20', '40', '60', '80', '100', '120']],
  ])('of %i epochs have the marks %j', (last, expected) => {
    expect(labels(countAxis(last, 8))).toEqual(expected);
  });
});
