import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fuse, openDataset, openPredictor, relativeDifference, writeModel } from 'stillroom/nn';
import type { Architecture, Model } from 'stillroom/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import shuffleNetV2 from '../../src/nn/models/shufflenet-v2.ts';
import run from '../../stages/export/run.ts';
import stage from '../../stages/export/stage.ts';
import { perform, scratch } from './context.ts';
import type { Watched } from './context.ts';
import { writeDataset } from './dataset.ts';
import { stir } from './models.ts';
import { loadTransformersJs } from './transformers-js.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const classes = ['cat', 'dog', 'owl'];
const hubFormats = ['timm', 'transformers', 'transformers_js'] as const;

/** A model with fresh, stirred weights; its batch norms are folded if `fused`. */
function freshModel(name: string, architecture: Architecture, { stemStride = 2, fused = false }: { stemStride?: 1 | 2; fused?: boolean }) {
  const network = architecture({ classes: classes.length, channels: 3, stemStride });
  const input = { size: 32, channels: 3, mean: [0.25, 0.25, 0.25], std: [0.2, 0.2, 0.2] };
  const model: Model = {
    architecture: name,
    network,
    input,
    classes,
    training: { holdout: null },
    weights: stir(initialWeights(network, 1)),
  };
  return fused ? { ...model, ...fuse(model) } : model;
}

/** Exports a model over 40 painted images of 36 × 36 pixels. */
function exportAs(formats: readonly (typeof hubFormats)[number][], model: Model): Promise<Watched & { readonly data: string }> {
  const trained = join(room.folder, 'trained');
  writeModel(trained, model);
  const labels = Array.from({ length: 40 }, (_, image) => image % 3);
  const data = writeDataset(join(room.folder, 'data'), { labels, classes, size: 36, channels: 3 });
  const given = { params: { formats }, inputs: { model: trained, data }, folder: room.folder };
  return perform(stage, run, given).then((watched) => ({ ...watched, data }));
}

test('a fused model is written as timm and transformers know it, and keeps its answers', async () => {
  const { metrics, outputs } = await exportAs(hubFormats, freshModel('mobilenet-v3-small', mobileNetV3Small, { fused: true }));
  for (const format of hubFormats) expect(metrics[`${format}_difference`]).toBeLessThanOrEqual(1e-4);
  const files = (format: string): string[] => readdirSync(join(outputs['model'] as string, format)).sort();
  expect(files('timm')).toEqual(['README.md', 'config.json', 'model.safetensors']);
  expect(files('transformers')).toEqual(['README.md', 'config.json', 'model.safetensors', 'preprocessor_config.json']);
  expect(files('transformers_js')).toEqual(['README.md', 'config.json', 'onnx', 'preprocessor_config.json']);
  const readme = readFileSync(join(outputs['model'] as string, 'timm', 'README.md'), 'utf8');
  expect(readme).toMatch(/^---\nlibrary_name: timm\npipeline_tag: image-classification\n[\s\S]*\n---\n\n# /);
});

test('transformers.js itself gives the labels and logits of the training graph, from pixels', async () => {
  const model = freshModel('mobilenet-v3-small', mobileNetV3Small, {});
  const { outputs, data: folder } = await exportAs(['transformers_js'], model);
  const exported = join(outputs['model'] as string, 'transformers_js');
  const data = openDataset(folder);
  const predictor = openPredictor(model, 10);
  const images = Array.from({ length: 10 }, (_, index) => 3 * index);
  const expected = predictor.logits(data, images);
  predictor.close();
  const { RawImage, AutoProcessor, AutoModelForImageClassification, pipeline } = await loadTransformersJs(room.folder);
  const pictures = images.map((index) => {
    const pixels = new Uint8Array(36 * 36 * 3);
    data.read(index, pixels);
    return new RawImage(pixels, 36, 36, 3);
  });
  data.close();
  const prepare = await AutoProcessor.from_pretrained(exported);
  const loaded = await AutoModelForImageClassification.from_pretrained(exported, { dtype: 'fp32' });
  expect(Object.values(loaded.config.id2label)).toEqual(classes);
  const { logits } = await loaded(await prepare(pictures));
  expect(relativeDifference(expected, logits.data, 1)).toBeLessThan(1e-4);
  await loaded.dispose();
  const classify = await pipeline('image-classification', exported, { dtype: 'fp32' });
  const answers = await classify(pictures[0] as object, { top_k: 3 });
  const order = [0, 1, 2].sort((a, b) => (expected[b] as number) - (expected[a] as number));
  expect(answers.map(({ label }) => label)).toEqual(order.map((index) => classes[index]));
});

test.each([
  [freshModel('shufflenet-v2', shuffleNetV2, {}), 'timm', 'timm has no architecture that computes what shufflenet-v2 does'],
  [freshModel('shufflenet-v2', shuffleNetV2, {}), 'transformers_js', 'transformers.js knows no model type for shufflenet-v2'],
  [freshModel('mobilenet-v3-small', mobileNetV3Small, { stemStride: 1 }), 'transformers', 'the stride of its features.0.0 is 1, not 2'],
] as const)('what a package lacks is refused by name, with what to do', async (model, format, message) => {
  const refusal = exportAs([format], model);
  await expect(refusal).rejects.toThrow(message);
  await expect(refusal).rejects.toMatchObject({ hint: expect.stringContaining('out of formats') });
});
