import { expect, test } from 'vitest';
import { counted } from '../../src/text/amounts.ts';

test('a count is told with its noun', () => {
  expect([0, 1, 2].map((count) => counted(count, 'node'))).toEqual(['0 nodes', '1 node', '2 nodes']);
});
