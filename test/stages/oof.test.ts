import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Element } from 'stillroom';
import { foldsDigest, readModel, readPredictions, writeModel } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import run, { pairByFold } from '../../stages/oof/run.ts';
import stage from '../../stages/oof/stage.ts';
import { smallModel } from '../nn/rig.ts';
import { perform, scratch } from './context.ts';
import { writeDataset } from './dataset.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const folds = { format: 1, folds: 2, seed: 0, assignment: [0, 1, 1, 0, 0, 1] } as const;
const element = (fold: unknown, path = `${fold}`): Element => ({ key: { fold: fold as number }, path });

/** A dataset, its split and a teacher a fold; the second teacher's answers are the first's with its classes turned round. */
function given(): { readonly data: string; readonly split: string; readonly models: Element[] } {
  const data = writeDataset(join(room.folder, 'data'), { labels: [0, 1, 2, 3, 0, 1], classes: ['a', 'b', 'c', 'd'] });
  const split = join(room.folder, 'split.json');
  writeFileSync(split, JSON.stringify(folds));
  const models = [0, 1].map((fold) => {
    const path = join(room.folder, `teacher-${fold}`);
    const model = smallModel();
    const bias = { shape: [4], data: Float32Array.from([0, 1, 2, 3], (label) => (label === fold ? 50 : 0)) };
    const weights = new Map(model.weights).set('classifier.bias', bias);
    writeModel(path, { ...model, weights, training: { holdout: fold, split: foldsDigest(folds) } });
    return element(fold, path);
  });
  return { data, split, models };
}

test('each image is predicted by the teacher that did not see it, whatever the order of the teachers', async () => {
  const { data, split, models } = given();
  const { outputs, metrics } = await perform(stage, run, { inputs: { data, split, models }, folder: room.folder });
  const { count, values } = readPredictions(outputs['predictions'] as string);
  const chosen = Array.from({ length: count }, (_, image) =>
    Array.from(values.subarray(4 * image, 4 * image + 4)).findIndex((value) => value > 0.9),
  );
  expect(chosen).toEqual([0, 1, 1, 0, 0, 1]);
  expect(metrics['accuracy']).toBeCloseTo(4 / 6);
  expect(metrics['accuracy_mean']).toBeCloseTo(2 / 3);
  expect(metrics['accuracy_sd']).toBeCloseTo(0);
  const again = { data, split, models: [...models].reverse() };
  const reversed = await perform(stage, run, { inputs: again, folder: join(room.folder, 'again') });
  expect(readPredictions(reversed.outputs['predictions'] as string)).toEqual({ count, classes: ['a', 'b', 'c', 'd'], values });
});

test('a teacher no better than the most frequent class is told by its fold, and a least gain fails the node', async () => {
  const { data, split, models } = given();
  const { metrics, warnings } = await perform(stage, run, { inputs: { data, split, models }, folder: room.folder });
  const majority = metrics['majority'] ?? 0;
  expect(majority).toBeCloseTo(1 / 3);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^the teacher of fold 0 is right on 0\.6667 of the 3 images of its fold, where "a" for every image is on 0\.6667/,
    ),
    expect.stringMatching(/^the teacher of fold 1 is right on/),
    expect.stringMatching(/^the set of teachers never gives "c", "d"/),
  ]);
  const asking = (least_gain: number) =>
    perform(stage, run, { params: { least_gain }, inputs: { data, split, models }, folder: join(room.folder, String(least_gain)) });
  const gain = (metrics['accuracy'] ?? 0) - majority;
  await expect(asking(gain + 0.01)).rejects.toMatchObject({
    message: expect.stringMatching(/^The teachers are right on .* always answering "a".*`least_gain` asks for/),
    hint: expect.stringContaining('lower least_gain'),
  });
  await expect(asking(gain)).resolves.toBeDefined();
});

test.each([
  ['a fold without a teacher', [element(0)], 'no teacher for fold 1'],
  ['two teachers of a fold', [element(0), element(1), element(1)], 'more than one teacher for fold 1'],
  ['a teacher of a fold that the split has not', [element(0), element(1), element(2)], 'a teacher for 2, which the split has not'],
  ['a teacher without a fold', [element(0), element(1), { key: {}, path: '' }], 'a teacher for no fold'],
  ['a fold as text', [element(0), element('1')], 'no teacher for fold 1; a teacher for "1"'],
])('%s is refused', (_name, models, problem) => {
  expect(pairByFold(models, folds)).toEqual({ problem: expect.stringContaining(problem) });
});

test('a teacher whose record says that it saw the fold, or another split, is refused', async () => {
  const { data, split, models } = given();
  const [first, second] = models as [Element, Element];
  const swapped = [element(0, second.path), element(1, first.path)];
  await expect(perform(stage, run, { inputs: { data, split, models: swapped }, folder: room.folder })).rejects.toThrow(
    'left out fold 1, so it saw fold 0',
  );
  const model = readModel(first.path);
  writeModel(first.path, { ...model, training: { ...model.training, split: 'another' } });
  await expect(perform(stage, run, { inputs: { data, split, models }, folder: room.folder })).rejects.toThrow('trained on another split');
  writeModel(first.path, { ...model, training: { holdout: null } });
  await expect(perform(stage, run, { inputs: { data, split, models }, folder: room.folder })).rejects.toThrow('saw every fold');
});
