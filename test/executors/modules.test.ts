import { expect, test } from 'vitest';
import { modulesOf } from '../../src/executors/job/protocol.ts';

test('chosen modules are made of the params, and those of bundles of before stand as they are', () => {
  const params = { loss: { name: 'focal', gamma: 2 }, model: { name: 'small' } };
  const bundled = (given: typeof params | Record<string, unknown>): Record<string, unknown> => ({
    loss: (given as typeof params).loss.gamma,
    model: 'small',
  });
  expect(modulesOf(bundled, params)).toEqual({ loss: 2, model: 'small' });
  expect(modulesOf({ model: bundled }, params)).toEqual({ model: bundled });
});
