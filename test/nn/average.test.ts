import { expect, test } from 'vitest';
import { averageWeights, estimateStatistics } from '../../src/nn/average.ts';
import type { Images } from '../../src/nn/data/dataset.ts';
import { parametersOf } from '../../src/nn/layers/parameters.ts';
import type { Network } from '../../src/nn/network.ts';
import balanced from '../../src/nn/samplers/balanced.ts';
import shuffled from '../../src/nn/samplers/shuffled.ts';
import type { Weights } from '../../src/nn/weights/tensor.ts';
import { tensorOf } from '../../src/nn/weights/tensor.ts';
import { fixture, formula, quarterImages, relativeError, smallModel } from './rig.ts';

const { signal } = new AbortController();
const weights = (...values: number[]): Weights => new Map([['a', { shape: [values.length], data: Float32Array.from(values) }]]);

type Tensors = Readonly<Record<string, number[]>>;
const reference = fixture<{ averaged: Tensors; estimated: Tensors }>('average');

/** The network of fixtures/average.py. */
const network: Network = {
  layers: [
    { kind: 'input', name: 'input', inputs: [] },
    {
      kind: 'convolution',
      name: 'first',
      inputs: ['input'],
      inChannels: 1,
      outChannels: 4,
      kernel: 3,
      stride: 2,
      padding: 1,
      groups: 1,
      bias: false,
    },
    { kind: 'batch-norm', name: 'norm', inputs: ['first'], channels: 4, epsilon: 1e-5, momentum: 0.1 },
    { kind: 'activation', name: 'relu', inputs: ['norm'], activation: 'relu' },
    {
      kind: 'convolution',
      name: 'second',
      inputs: ['relu'],
      inChannels: 4,
      outChannels: 4,
      kernel: 3,
      stride: 1,
      padding: 1,
      groups: 4,
      bias: false,
    },
    { kind: 'batch-norm', name: 'norm2', inputs: ['second'], channels: 4, epsilon: 1e-5, momentum: 0.1 },
    { kind: 'global-average-pool', name: 'pool', inputs: ['norm2'] },
    { kind: 'flatten', name: 'flatten', inputs: ['pool'] },
    { kind: 'dense', name: 'head', inputs: ['flatten'], inFeatures: 4, outFeatures: 3 },
  ],
  output: 'head',
};

/** The weights of a checkpoint of fixtures/average.py. */
function checkpoint(number: number): Weights {
  const named = parametersOf(network).map(({ name, shape }) => [name, { shape, data: formula('+'.repeat(number) + name, shape) }] as const);
  return new Map(named);
}

/** The images of fixtures/average.py, in their order whichever are asked for: batches are drawn at random, but the reference's are not. */
function orderedImages(): Images {
  const [count, size] = [24, 8];
  let next = 0;
  return {
    info: { format: 1, count, height: size, width: size, channels: 1, classes: ['a', 'b', 'c'], mean: [0.3], std: [0.25] },
    labels: new Uint16Array(count),
    read(_index, target, offset = 0) {
      const image = next++;
      for (let place = 0; place < size * size; place++) target[offset + place] = (image * 31 + place * place * 7 + image * place * 5) % 256;
    },
  };
}

test('the average of weights is their mean', () => {
  expect(averageWeights([weights(1, 4), weights(2, 6), weights(6, 2)]).get('a')?.data).toEqual(Float32Array.of(3, 4));
  expect(() => averageWeights([weights(1), weights(1, 2)])).toThrow('"a" has the shape [2], not [1]');
  expect(() => averageWeights([])).toThrow('no weights');
});

test('weights are averaged and statistics measured anew as by torch.optim.swa_utils', async () => {
  const averaged = averageWeights([0, 1, 2].map(checkpoint));
  expect([...averaged.keys()].sort()).toEqual(Object.keys(reference.averaged).sort());
  for (const [name, values] of Object.entries(reference.averaged)) {
    expect(relativeError(tensorOf(averaged, name).data, values)).toBeLessThan(1e-6);
  }
  const model = { ...smallModel(), network, input: { size: 8, channels: 1, mean: [0.3], std: [0.25] }, weights: averaged };
  const measured = await estimateStatistics(model, orderedImages(), { batch: 8, seed: 0, sampler: shuffled, signal });
  for (const [name, values] of Object.entries(reference.estimated)) {
    expect(relativeError(tensorOf(measured, name).data, values)).toBeLessThan(1e-5);
  }
  expect(measured.get('first.weight')).toBe(averaged.get('first.weight'));
});

test('over several batches the mean does not depend on what was there before', async () => {
  const model = smallModel();
  const images = quarterImages(40);
  const options = { batch: 8, seed: 1, sampler: balanced, signal };
  const first = await estimateStatistics(model, images, options);
  const again = await estimateStatistics({ ...model, weights: first }, images, options);
  expect(again.get('stem.1.running_mean')?.data).toEqual(first.get('stem.1.running_mean')?.data);
});
