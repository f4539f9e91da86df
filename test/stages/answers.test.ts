import { join } from 'node:path';
import { readPredictions, writeModel } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import run from '../../stages/answers/run.ts';
import stage from '../../stages/answers/stage.ts';
import { smallModel } from '../nn/rig.ts';
import { perform, scratch } from './context.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const sure = (at: number, sureness: number) => ({
  shape: [4],
  data: Float32Array.from([0, 1, 2, 3], (label) => (label === at ? sureness : 0)),
});

test('every image is predicted by the model', async () => {
  const data = writeDataset(join(room.folder, 'data'), { labels: [0, 1, 2, 3, 2], classes: ['a', 'b', 'c', 'd'] });
  const model = join(room.folder, 'model');
  writeModel(model, { ...smallModel(), weights: new Map(smallModel().weights).set('classifier.bias', sure(2, 50)) });
  const { outputs, metrics, warnings } = await perform(stage, run, { params: { batch: 2 }, inputs: { data, model }, folder: room.folder });
  const { count, values } = readPredictions(outputs['predictions'] as string);
  expect(count).toBe(5);
  expect(Array.from({ length: 5 }, (_, image) => (values[4 * image + 2] as number) > 0.9)).toEqual([true, true, true, true, true]);
  expect(metrics['accuracy']).toBeCloseTo(2 / 5);
  expect(metrics).toMatchObject({ majority: 2 / 5, never_given: 3 });
  expect(warnings).toEqual([
    expect.stringMatching(
      /^the model is right on 0\.4000 of the 5 images, where "c" for every image is on 0\.4000, and never gives "a", "b", "d"/,
    ),
  ]);
});

test('a model whose answers are no numbers is refused', async () => {
  const data = writeDataset(join(room.folder, 'data'), { labels: [0, 1], classes: ['a', 'b', 'c', 'd'] });
  const model = join(room.folder, 'model');
  writeModel(model, { ...smallModel(), weights: new Map(smallModel().weights).set('classifier.bias', sure(0, Number.NaN)) });
  await expect(perform(stage, run, { inputs: { data, model }, folder: room.folder })).rejects.toThrow('Image 0 has no prediction');
});
