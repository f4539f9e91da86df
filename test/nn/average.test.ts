import { expect, test } from 'vitest';
import { averageWeights, estimateStatistics } from '../../src/nn/average.ts';
import type { Weights } from '../../src/nn/weights/tensor.ts';
import { quarterImages, smallModel } from './rig.ts';

const { signal } = new AbortController();
const weights = (...values: number[]): Weights => new Map([['a', { shape: [values.length], data: Float32Array.from(values) }]]);

test('the average of weights is their mean', () => {
  expect(averageWeights([weights(1, 4), weights(2, 6), weights(6, 2)]).get('a')?.data).toEqual(Float32Array.of(3, 4));
  expect(() => averageWeights([weights(1), weights(1, 2)])).toThrow('"a" has the shape [2], not [1]');
  expect(() => averageWeights([])).toThrow('no weights');
});

test('statistics measured anew are the mean over batches of the batch’s own', async () => {
  const model = smallModel();
  const images = quarterImages(32);
  const { size, mean, std } = model.input;
  const measured = await estimateStatistics(model, images, { batch: 32, seed: 1, sampling: 'shuffled', signal });
  const kernel = model.weights.get('stem.0.weight')?.data ?? new Float32Array();
  const values: number[] = [];
  const pixels = new Uint8Array(144);
  for (let image = 0; image < 32; image++) {
    images.read(image, pixels);
    const at = (row: number, column: number): number => {
      if (row < 0 || column < 0 || row >= size || column >= size) return 0;
      return ((pixels[(row + 2) * 12 + column + 2] as number) / 255 - (mean[0] as number)) / (std[0] as number);
    };
    for (let row = 0; row < size; row += 2) {
      for (let column = 0; column < size; column += 2) {
        let sum = 0;
        for (let place = 0; place < 9; place++)
          sum += (kernel[place] as number) * at(row + Math.floor(place / 3) - 1, column + (place % 3) - 1);
        values.push(sum);
      }
    }
  }
  const average = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - average) ** 2, 0) / (values.length - 1);
  expect(measured.get('stem.1.running_mean')?.data[0]).toBeCloseTo(average, 5);
  expect(measured.get('stem.1.running_var')?.data[0]).toBeCloseTo(variance, 5);
  expect(measured.get('stem.0.weight')).toBe(model.weights.get('stem.0.weight'));
  expect(measured.get('stem.1.weight')).toBe(model.weights.get('stem.1.weight'));
});

test('over several batches the mean does not depend on what was there before', async () => {
  const model = smallModel();
  const images = quarterImages(40);
  const options = { batch: 8, seed: 1, sampling: 'balanced', signal } as const;
  const first = await estimateStatistics(model, images, options);
  const again = await estimateStatistics({ ...model, weights: first }, images, options);
  expect(again.get('stem.1.running_mean')?.data).toEqual(first.get('stem.1.running_mean')?.data);
});
