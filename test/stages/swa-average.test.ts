import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Model, Weights } from 'stillroom/nn';
import { readModel, writeModel } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import balanced from '../../src/nn/samplers/balanced.ts';
import run from '../../stages/swa-average/run.ts';
import stage from '../../stages/swa-average/stage.ts';
import { smallNetwork } from '../nn/rig.ts';
import { perform, scratch } from './context.ts';
import { writeDataset } from './dataset.ts';
import { writeFreshModel } from './models.ts';

let room: ReturnType<typeof scratch>;
let data: string;
let model: Model;
const classes = ['class 0', 'class 1', 'class 2', 'class 3'];
const folder = (name: string): string => join(room.folder, name);

beforeEach(() => {
  room = scratch();
  data = writeDataset(folder('data'), { labels: Array.from({ length: 20 }, (_, image) => image % 4) });
  model = writeFreshModel(folder('checkpoints/epoch-1'), smallNetwork, { size: 8, channels: 1, classes });
  const times = (factor: number): Weights =>
    new Map([...model.weights].map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => factor * value) }]));
  writeModel(folder('checkpoints/epoch-2'), { ...model, weights: times(3) });
  writeModel(folder('checkpoints/epoch-3'), { ...model, weights: times(7) });
});
afterEach(() => room.remove());

/** Averages the last two checkpoints; gives the share of a tensor of `model` that each of its tensors became. */
async function average(params: { readonly batch_norm?: 'averaged' }): Promise<(name: string) => number[]> {
  const checkpoints = [{ key: {}, path: folder('checkpoints') }];
  const given = {
    params: { last: 2, batch: 8, ...params },
    modules: { sampling: balanced },
    inputs: { data, checkpoints },
    folder: folder('out'),
  };
  const { outputs, metrics } = await perform(stage, run, given);
  expect(metrics).toEqual({ averaged: 2 });
  const { weights } = readModel(outputs['model'] ?? '');
  return (name) => [...(weights.get(name)?.data ?? [])].map((value, index) => value / (model.weights.get(name)?.data[index] ?? 0));
}

test('batch-norm statistics are measured anew, or averaged as the weights are', async () => {
  const averaged = await average({ batch_norm: 'averaged' });
  const estimated = await average({});
  for (const name of ['stem.0.weight', 'stem.1.weight', 'classifier.bias']) {
    for (const shares of [averaged(name), estimated(name)]) for (const share of shares) expect(share).toBeCloseTo(5, 4);
  }
  for (const share of averaged('stem.1.running_var')) expect(share).toBeCloseTo(5, 4);
  expect(estimated('stem.1.running_var').every((share) => share > 0 && Math.abs(share - 5) > 0.01)).toBe(true);
});

test('checkpoints that cannot be averaged fail with a reason', async () => {
  const network = {
    ...model.network,
    layers: model.network.layers.map((layer) => ('epsilon' in layer ? { ...layer, epsilon: 0.1 } : layer)),
  };
  writeModel(folder('checkpoints/epoch-3'), { ...model, network });
  await expect(average({})).rejects.toThrow('not of one network');
  mkdirSync(folder('empty'));
  const inputs = { data, checkpoints: [{ key: {}, path: folder('empty') }] };
  await expect(perform(stage, run, { modules: { sampling: balanced }, inputs, folder: folder('out') })).rejects.toMatchObject({
    message: 'The checkpoints hold no model.',
    hint: expect.stringContaining('epoch-1'),
  });
});
