import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeExported } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import run from '../../stages/card/run.ts';
import stage from '../../stages/card/stage.ts';
import { perform, scratch } from './context.ts';
import { writeDataset } from './dataset.ts';
import { writeFreshModel } from './models.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const classes = ['cat', 'dog|wolf'];
const results = { format: 1, count: 20, classes, accuracy: 0.85, macro_f1: 0.8, balanced_accuracy: 0.75, by_class: [0.9, null] };

/** Writes the card of a made model; returns its text. */
async function cardOf(params: Record<string, string>, found?: object): Promise<string> {
  const [model, trained, file] = ['exported', 'trained', 'results.json'].map((name) => join(room.folder, name)) as [string, string, string];
  const { input } = writeFreshModel(trained, mobileNetV3Small, { size: 8, channels: 3, classes });
  const preparation = { size: 8, channels: 3, fit: 'pad', background: 255 } as const;
  writeExported(model, { architecture: 'mobilenet-v3-small', classes, input, preparation, formats: ['onnx', 'timm'] });
  const data = writeDataset(join(room.folder, 'data'), { labels: [0, 0, 0, 1], classes, size: 8, channels: 3 });
  if (found !== undefined) writeFileSync(file, JSON.stringify(found));
  const inputs = { model, trained, data, results: found === undefined ? undefined : file };
  const { outputs } = await perform(stage, run, { params, inputs, folder: room.folder });
  return readFileSync(outputs['card'] as string, 'utf8');
}

test('says what was measured, trained on and told, in Markdown that the hub reads', async () => {
  const card = await cardOf({ title: 'Pets', licence: 'mit', not_for: 'Wild *animals*' }, results);
  expect(card).toMatch(/^---\nlicense: "mit"\nlibrary_name: timm\npipeline_tag: image-classification\n/);
  expect(card).toContain('# Pets');
  expect(card).toContain('Accuracy 85.0 % on 20 test images, macro-F1 0.800, balanced accuracy 75.0 %.');
  expect(card).toContain('| cat | 3 | 90.0 % |');
  expect(card).toContain(String.raw`| dog\|wolf | 1 | no test image |`);
  expect(card).toContain(String.raw`**Not for:** Wild \*animals\*`);
  expect(card).toContain('`timm`: timm pads with the mean colour, where this model was trained on pictures padded with the value 255.');
  expect(card.match(/\| [0-9a-f]{64} \|/g)).toHaveLength(3);
});

test('claims nothing that it was not given', async () => {
  const card = await cardOf({});
  expect(card).toContain('Not measured on a test set.');
  expect(card).toContain('**Licence:** none is given.');
  expect(card).not.toMatch(/license:|metrics:|Accuracy \d/);
});

test('refuses results of other classes', async () => {
  await expect(cardOf({}, { ...results, classes: ['x', 'y'] })).rejects.toThrow('results has other classes than the exported model');
});
