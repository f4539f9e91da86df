import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readLabels, writePredictions } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import run, { mix } from '../../stages/mix-labels/run.ts';
import stage from '../../stages/mix-labels/stage.ts';
import { perform, scratch } from './context.ts';
import type { Watched } from './context.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const classes = ['a', 'b', 'c'];

/** Mixes given predictions into the labels 0, 1, 2, 0. */
function mixInto(values: readonly number[], params: { oof_weight?: number } = {}, names = classes): Promise<Watched> {
  const data = writeDataset(join(room.folder, 'data'), { labels: [0, 1, 2, 0], classes });
  const predictions = join(room.folder, 'predictions');
  mkdirSync(predictions, { recursive: true });
  writePredictions(predictions, { count: values.length / 3, classes: names, values: Float32Array.from(values) });
  return perform(stage, run, { params, inputs: { data, predictions }, folder: room.folder });
}

const even = [0.5, 0.25, 0.25, 0, 1, 0, 0.25, 0.75, 0, 0.125, 0.875, 0];

test('two parts of the prediction and eight of the own class', async () => {
  const { outputs, metrics } = await mixInto(even);
  const { count, values } = readLabels(outputs['labels'] as string);
  expect(count).toBe(4);
  const expected = [0.9, 0.05, 0.05, 0, 1, 0, 0.05, 0.15, 0.8, 0.825, 0.175, 0];
  expected.forEach((value, index) => expect(values[index]).toBeCloseTo(value, 6));
  expect(metrics['changed']).toBe(0);
  expect(metrics['own']).toBeCloseTo((0.9 + 1 + 0.8 + 0.825) / 4, 6);
});

test('a heavy weight lets a confident teacher overrule the label, and is counted', async () => {
  const { metrics } = await mixInto(even, { oof_weight: 1 });
  expect(metrics['changed']).toBe(0.5);
});

test('rows keep their sum, stay within 0 and 1, and weight 0 gives the hard labels', () => {
  const row = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (rows, weight) => {
      const values = Float32Array.from(
        rows.flatMap((numbers) => numbers.map((value) => value / numbers.reduce((sum, other) => sum + other))),
      );
      const labels = rows.map((_, image) => image % 3);
      const predictions = { count: rows.length, classes, values };
      const mixed = mix(predictions, labels, weight);
      labels.forEach((_, image) => {
        const sum = mixed.subarray(3 * image, 3 * image + 3).reduce((total, value) => total + value, 0);
        expect(sum).toBeCloseTo(1, 5);
      });
      expect(mixed.every((value) => value >= 0 && value <= 1.000001)).toBe(true);
      expect([...mix(predictions, labels, 0)]).toEqual(labels.flatMap((label) => [0, 1, 2].map((own) => (own === label ? 1 : 0))));
    }),
  );
});

test('other images, other classes and rows that are no probabilities are refused', async () => {
  await expect(mixInto(even.slice(0, 9))).rejects.toThrow('the predictions are of 3 images, the dataset holds 4');
  await expect(mixInto(even, {}, ['a', 'c', 'b'])).rejects.toThrow('the classes a, c, b, the dataset holds a, b, c');
  await expect(mixInto([...even.slice(0, 9), 0.5, 0.2, 0.2])).rejects.toThrow(/image 3 are no probabilities/);
  await expect(mixInto([...even.slice(0, 9), Number.NaN, 0.5, 0.5])).rejects.toThrow(/image 3 are no probabilities/);
});
