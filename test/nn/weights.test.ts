import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import { fromGraphLayout, parametersOf, toGraphLayout } from '../../src/nn/layers/parameters.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import { readModel, readModelOf, writeModel } from '../../src/nn/weights/model-folder.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/nn/weights/safetensors.ts';
import type { Tensor, Weights } from '../../src/nn/weights/tensor.ts';
import { elements, tensorOf } from '../../src/nn/weights/tensor.ts';
import { smallModel, smallNetwork } from './rig.ts';

const tensors = fc
  .array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 })
  .chain((shape) =>
    fc
      .array(fc.float({ noNaN: true }), { minLength: elements(shape), maxLength: elements(shape) })
      .map((values): Tensor => ({ shape, data: Float32Array.from(values) })),
  );
const tables = fc.dictionary(
  fc.string().filter((name) => name !== '__proto__' && name !== '__metadata__'),
  tensors,
);

test('safetensors keep every number, whatever the order they were put in', () => {
  fc.assert(
    fc.property(tables, (table) => {
      const weights: Weights = new Map(Object.entries(table));
      const bytes = encodeSafetensors(weights);
      expect(encodeSafetensors(new Map([...weights].reverse()))).toEqual(bytes);
      const decoded = decodeSafetensors(bytes);
      expect([...decoded.keys()].sort()).toEqual([...weights.keys()].sort());
      for (const [name, { shape, data }] of weights) {
        expect(decoded.get(name)?.shape).toEqual(shape);
        expect(Buffer.from(tensorOf(decoded, name).data.buffer)).toEqual(Buffer.from(data.buffer));
      }
    }),
  );
});

test('safetensors that are cut off or are none are refused', () => {
  const bytes = encodeSafetensors(new Map([['weight', { shape: [2], data: Float32Array.of(1, 2) }]]));
  expect(() => decodeSafetensors(bytes.subarray(0, bytes.length - 1))).toThrow('cut off or broken at the tensor "weight"');
  expect(() => decodeSafetensors(Buffer.from('hello, this is a text file'))).toThrow('not a safetensors file');
  expect(() => decodeSafetensors(new Uint8Array())).toThrow('not a safetensors file');
});

test('a tensor that is not there, or of another shape, is named', () => {
  const weights: Weights = new Map([['weight', { shape: [2], data: Float32Array.of(1, 2) }]]);
  expect(() => tensorOf(weights, 'bias')).toThrow('no tensor "bias"');
  expect(() => tensorOf(weights, 'weight', [3])).toThrow('"weight" has the shape [2], not [3]');
});

test('layouts go to the graph and back', () => {
  for (const parameter of parametersOf(smallNetwork())) {
    const data = Float32Array.from({ length: elements(parameter.shape) }, (_, index) => index);
    const moved = toGraphLayout(parameter, { shape: parameter.shape, data });
    expect(fromGraphLayout(parameter, moved).data).toEqual(data);
  }
  const dense = parametersOf(smallNetwork()).find(({ name }) => name === 'classifier.weight');
  if (dense === undefined) throw new Error('The small network has a classifier.');
  const graph = toGraphLayout(dense, { shape: [4, 128], data: Float32Array.from({ length: 512 }, (_, index) => index) });
  expect([graph[0], graph[1], graph[4]]).toEqual([0, 128, 1]);
});

test('a model folder gives back the model, and the same model the same bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
  const model = { ...smallModel(), training: { seed: 3, holdout: 2 } };
  writeModel(join(folder, 'one'), model);
  writeModel(join(folder, 'two'), { ...model, training: { holdout: 2, seed: 3 } });
  expect(readModel(join(folder, 'one'))).toEqual(model);
  for (const file of ['model.json', 'weights.safetensors']) {
    expect(readFileSync(join(folder, 'one', file))).toEqual(readFileSync(join(folder, 'two', file)));
  }
  expect(() => readModelOf(join(folder, 'one'), { channels: 3, classes: model.classes })).toThrow(
    'takes 1 channels, but the images have 3',
  );
  expect(() => readModelOf(join(folder, 'one'), { channels: 1, classes: ['a', 'b'] })).toThrow('other classes');
  rmSync(folder, { recursive: true });
});

test('fresh weights follow torchvision’s distributions and their seed', () => {
  const network = efficientNetB0({ drop_path: 0.2 })({ classes: 100, channels: 3, stemStride: 2 });
  const weights = initialWeights(network, 5);
  const { data } = tensorOf(weights, 'features.8.0.weight', [1280, 320, 1, 1]);
  const square = data.reduce((sum, value) => sum + value * value, 0) / data.length;
  expect(square / (2 / 1280)).toBeCloseTo(1, 1);
  const classifier = tensorOf(weights, 'classifier.1.weight', [100, 1280]).data;
  expect(Math.max(...classifier.map(Math.abs).subarray(0, 10000))).toBeLessThanOrEqual(0.1);
  expect(tensorOf(weights, 'features.0.1.running_var').data.every((value) => value === 1)).toBe(true);
  // Millions of numbers are compared faster as bytes.
  expect(Buffer.compare(encodeSafetensors(initialWeights(network, 5)), encodeSafetensors(weights))).toBe(0);
  expect(initialWeights(network, 6).get('features.0.0.weight')).not.toEqual(weights.get('features.0.0.weight'));
});
