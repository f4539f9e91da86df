import { expect, test } from 'vitest';
import { meets } from '../../src/model/condition.ts';
import { dottedParams } from '../../src/model/dotted.ts';

test('params within a choice or a group have dotted names, and a choice is told by its name', () => {
  const params = {
    size: 32,
    loss: { name: 'focal', gamma: 2 },
    augment: { flip: true, crop: { padding: 1 } },
    folds: [0, 1],
    none: {},
    author: { name: { first: 'A' } },
  };
  expect(dottedParams(params)).toEqual({
    size: 32,
    loss: 'focal',
    'loss.gamma': 2,
    'augment.flip': true,
    'augment.crop.padding': 1,
    folds: [0, 1],
    none: {},
    'author.name.first': 'A',
  });
});

test('a choice with params meets a condition that names it', () => {
  const focal = { name: 'focal', gamma: 2 };
  expect([meets(focal, 'focal'), meets(focal, ['arcface', 'focal']), meets(focal, [focal])]).toEqual([true, true, true]);
  expect([meets(focal, 'arcface'), meets(focal, { not: 'focal' }), meets({ gamma: 'focal' }, 'focal')]).toEqual([false, false, false]);
});
