import { expect, test } from 'vitest';
import { amount, bytesText, counted } from '../../src/text/amounts.ts';

test('a count is told with its noun', () => {
  expect([0, 1, 2].map((count) => counted(count, 'node'))).toEqual(['0 nodes', '1 node', '2 nodes']);
});

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [10 * 1024, '10 KiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [47.4 * 1024 ** 2, '47 MiB'],
  [1.5 * 1024 ** 3, '1.5 GiB'],
  [5000 * 1024 ** 4, '5000 TiB'],
])('%d bytes read %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test('a size that people write comes to bytes', () => {
  expect(['1KiB', '1.5MiB', '50GiB', '2TiB'].map(amount)).toEqual([1024, 1.5 * 1024 ** 2, 50 * 1024 ** 3, 2 * 1024 ** 4]);
});
