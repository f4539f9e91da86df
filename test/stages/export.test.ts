import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import {
  encodeOnnx,
  openDataset,
  openOnnx,
  openOnnxOfPictures,
  openPredictor,
  openSavedModel,
  openSavedModelOfPictures,
  preprocessingOf,
  readExported,
  writeModel,
} from 'stillroom/nn';
import type { Architecture, Network, Tensor } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Layers } from '../../src/nn/models/parts/blocks.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import { everyLayer } from '../nn/serving/rig.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import { ModelProtoSchema } from '../../src/nn/onnx/generated/onnx_pb.ts';
import run from '../../stages/export/run.ts';
import stage from '../../stages/export/stage.ts';
import { perform, scratch } from './context.ts';
import type { Watched } from './context.ts';
import { writeDataset } from './dataset.ts';
import { writeFreshModel } from './models.ts';

let room: ReturnType<typeof scratch>;
beforeEach(() => {
  room = scratch();
});
afterEach(() => room.remove());

const classes = ['a', 'b', 'c'];

/** Exports a fresh model of an architecture over a small made dataset. */
function exportFresh(
  architecture: Architecture,
  channels: number,
  params: Parameters<typeof perform<typeof stage>>[2]['params'] = {},
): Promise<Watched> {
  const model = join(room.folder, 'trained');
  writeFreshModel(model, architecture, { size: 32, channels, classes });
  const labels = Array.from({ length: 40 }, (_, image) => image % 3);
  const data = writeDataset(join(room.folder, 'data'), { labels, classes, size: 32, channels });
  return perform(stage, run, { params, inputs: { model, data }, folder: room.folder });
}

describe.each([
  ['MobileNetV3-small', mobileNetV3Small, 3],
  ['EfficientNet-b0', efficientNetB0({ drop_path: 0.2 }), 1],
  ['another network', everyLayer, 3],
] as const)('%s', (_, architecture, channels) => {
  test('onnxruntime and TensorFlow give the logits of the training graph', async () => {
    const { metrics, outputs } = await exportFresh(architecture, channels);
    expect(metrics['onnx_difference']).toBeLessThanOrEqual(1e-4);
    expect(metrics['saved_model_difference']).toBeLessThanOrEqual(1e-4);
    expect(metrics['megabytes']).toBeCloseTo(readFileSync(outputs['onnx'] as string).length / 1e6, 9);
  });
});

test('the batch is free, in both', async () => {
  const { outputs } = await exportFresh(everyLayer, 3);
  const opened = [await openOnnx(outputs['onnx'] as string, 1), openSavedModel(join(outputs['model'] as string, 'saved_model'))];
  for (const model of opened) {
    const images = Float32Array.from({ length: 3 * 3 * 32 * 32 }, (_, index) => Math.sin(index));
    const three = await model.logits(images, 3);
    const last = await model.logits(images.slice(2 * 3 * 32 * 32), 1);
    expect(three).toHaveLength(9);
    last.forEach((value, index) => expect(value).toBeCloseTo(three[6 + index] as number, 4));
    await model.close();
  }
});

test('the ONNX file carries its opset, its free batch and what its users need to know', async () => {
  const { outputs } = await exportFresh(everyLayer, 3);
  const model = fromBinary(ModelProtoSchema, readFileSync(outputs['onnx'] as string));
  expect(model.opsetImport[0]).toMatchObject({ domain: '', version: 17n });
  const dimensions = model.graph?.input[0]?.type?.value.case === 'tensorType' ? model.graph.input[0].type.value.value.shape?.dim : [];
  expect(dimensions?.map(({ value }) => value.value)).toEqual(['batch', 3n, 32n, 32n]);
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  expect(metadata).toMatchObject({
    classes: '["a","b","c"]',
    size: '32',
    channels: '3',
    mean: '[0.25,0.25,0.25]',
    std: '[0.2,0.2,0.2]',
    layout: 'NCHW',
  });
  const opened = await openOnnx(outputs['onnx'] as string, 1);
  expect(opened).toMatchObject({ classes, input: { size: 32, channels: 3, mean: [0.25, 0.25, 0.25], std: [0.2, 0.2, 0.2] } });
  await opened.close();
});

test('the same model gives the same bytes', async () => {
  const bytes = async (): Promise<Buffer[]> => {
    const { outputs } = await exportFresh(everyLayer, 3);
    return [readFileSync(outputs['onnx'] as string), readFileSync(join(outputs['model'] as string, 'saved_model', 'saved_model.pb'))];
  };
  const first = await bytes();
  expect((await bytes()).map((file, index) => Buffer.compare(file, first[index] as Buffer))).toEqual([0, 0]);
});

test('a difference above the tolerance fails', async () => {
  await expect(exportFresh(mobileNetV3Small, 3, { tolerance: 1e-15 })).rejects.toThrow(/_difference is .* more than the tolerance 1e-15/);
});

test('a model for other images or classes is refused', async () => {
  const model = join(room.folder, 'trained');
  writeFreshModel(model, everyLayer, { size: 32, channels: 3, classes });
  const labels = [0, 1, 2];
  const narrow = writeDataset(join(room.folder, 'narrow'), { labels, classes, size: 16, channels: 3 });
  await expect(perform(stage, run, { inputs: { model, data: narrow }, folder: room.folder })).rejects.toThrow(
    'the model takes 32 × 32 × 3 images, the data holds 16 × 16 × 3',
  );
  const others = writeDataset(join(room.folder, 'others'), { labels, classes: ['x', 'y', 'z'], size: 32, channels: 3 });
  await expect(perform(stage, run, { inputs: { model, data: others }, folder: room.folder })).rejects.toThrow('other classes');
});

test('a network with a missing weight is refused by name', () => {
  const network = everyLayer({ classes: 3, channels: 3, stemStride: 1 });
  expect(() => encodeOnnx(network, new Map(), { size: 32, channels: 3, classes: 3, name: 'x', metadata: {} })).toThrow(/stem\.weight/);
});

test('the folder of the exported model says what it is and holds what was asked for, nothing else', async () => {
  const { outputs } = await exportFresh(everyLayer, 3, { formats: ['onnx'] });
  const folder = outputs['model'] as string;
  expect(readdirSync(folder).sort()).toEqual(['exported.json', 'onnx']);
  expect(readFileSync(join(folder, 'onnx', 'model.onnx'))).toEqual(readFileSync(outputs['onnx'] as string));
  expect(readExported(folder)).toMatchObject({
    classes,
    input: { size: 32, channels: 3, mean: [0.25, 0.25, 0.25], std: [0.2, 0.2, 0.2] },
    preparation: { size: 32, channels: 3, fit: 'pad', background: 0 },
    formats: ['onnx'],
  });
});

test('what was compared with the training graph is said, and what could not be', async () => {
  const { outputs, log, metrics } = await exportFresh(everyLayer, 3, { formats: ['onnx', 'tfjs', 'openvino'] });
  const reason = 'no: the stage does without OpenVINO, so that it exports where that is not installed';
  expect(readExported(outputs['model'] as string).checked).toEqual({
    onnx: 'logits of 40 images by ONNX Runtime, in float32, within 0.0001',
    tfjs: 'logits of 40 images by TensorFlow, as the files say, in float32, within 0.0001',
    openvino: reason,
  });
  expect(log.join('\n')).toContain('openvino was not compared with the training graph: the stage does without OpenVINO');
  expect(metrics['tfjs_difference']).toBeLessThanOrEqual(1e-4);
});

test('every file says how a picture becomes what the model takes', async () => {
  const { outputs } = await exportFresh(everyLayer, 3, { formats: ['onnx', 'tfjs', 'openvino'] });
  const folder = outputs['model'] as string;
  const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8');
  const { layout: _, ...preprocessing } = preprocessingOf(
    { size: 32, channels: 3, mean: [0.25, 0.25, 0.25], std: [0.2, 0.2, 0.2] },
    { size: 32, channels: 3, fit: 'pad', background: 0 },
    'NCHW',
  );
  expect(preprocessing).toMatchObject({ resize: { size: 32, fit: 'pad', kernel: 'lanczos3', antialias: true }, crop: 32, background: 0 });
  const exported = JSON.parse(read('exported.json')) as object;
  expect(exported).toMatchObject({ preprocessing, opset: 17, bn_eps: [1e-3] });
  const onnx = fromBinary(ModelProtoSchema, readFileSync(join(folder, 'onnx', 'model.onnx')));
  const metadata = Object.fromEntries(onnx.metadataProps.map(({ key, value }) => [key, value]));
  expect(JSON.parse(metadata['preprocessing'] as string)).toEqual({ ...preprocessing, layout: 'NCHW' });
  const { userDefinedMetadata } = JSON.parse(read('tfjs', 'model.json')) as { userDefinedMetadata: Record<string, string> };
  expect(JSON.parse(userDefinedMetadata['preprocessing'] as string)).toEqual({ ...preprocessing, layout: 'NHWC' });
  expect(userDefinedMetadata).toMatchObject({ classes: metadata['classes'], bn_eps: '[0.001]' });
  const info = /<preprocessing value="([^"]*)"\/>/.exec(read('openvino', 'model.xml'))?.[1] as string;
  expect(info.replaceAll('&quot;', '"')).toBe(metadata['preprocessing']);
});

describe.each(['float16', 'bfloat16', 'int8'] as const)('%s', (precision) => {
  test('is what the ONNX file says it is and computes, with the accuracy lost', async () => {
    const given = { precision, formats: ['onnx', 'saved_model'], max_loss: 1, int8: { images: 20, target: 'onnxruntime' } } as const;
    const { outputs, metrics, log } = await exportFresh(everyLayer, 3, given);
    const folder = outputs['model'] as string;
    const file = fromBinary(ModelProtoSchema, readFileSync(join(folder, 'onnx', 'model.onnx')));
    expect(file.metadataProps.find(({ key }) => key === 'precision')?.value).toBe(precision);
    expect(readExported(folder).precision).toBe(precision);
    expect(metrics['onnx_difference']).toBeGreaterThan(0);
    expect(metrics['onnx_difference']).toBeLessThan({ float16: 2e-3, bfloat16: 2e-2, int8: 0.2 }[precision]);
    expect(metrics['saved_model_difference']).toBeLessThanOrEqual(1e-4);
    expect(metrics['accuracy_lost']).toBeLessThanOrEqual(1);
    const measured = precision === 'int8' ? 20 : 40;
    expect(log.join('\n')).toMatch(new RegExp(`${precision}: accuracy [\\d.]+ in place of [\\d.]+ on ${measured} training images`));
  });
});

/** A network that answers differently from image to image without having been trained; of one channel, since it takes pixels in any order. */
const direct: Architecture = ({ classes: count, channels }): Network => {
  const layers = new Layers(channels, { epsilon: 1e-3, momentum: 0.1 });
  layers.append({ kind: 'flatten', name: 'flatten', inputs: [layers.last] });
  layers.append({ kind: 'dense', name: 'head', inputs: ['flatten'], inFeatures: 32 * 32 * channels, outFeatures: count });
  return { layers: layers.list, output: 'head' };
};

test('a loss above the limit fails, measured on validation images where there are any', async () => {
  const paths = { model: join(room.folder, 'trained'), data: join(room.folder, 'data'), validation: join(room.folder, 'validation') };
  const fresh = writeFreshModel(paths.model, direct, { size: 32, channels: 1, classes });
  // Weights that differ by less than a step of int8, but for which all images would be answered alike.
  const close = (fresh.weights.get('head.weight') as Tensor).data.map((value) => 1 + value / 10);
  const head = { shape: [3, 32 * 32], data: close };
  const model = { ...fresh, weights: new Map(fresh.weights).set('head.weight', head) };
  writeModel(paths.model, model);
  const images = [...Array(30).keys()];
  writeDataset(paths.data, { labels: images.map((image) => image % 3), classes, size: 32, channels: 1 });
  const data = openDataset(paths.data);
  const predictor = openPredictor(model, 10);
  const logits = predictor.logits(data, images);
  predictor.close();
  data.close();
  // The validation images are the same under the model's own answers, so all that is answered otherwise is lost.
  cpSync(paths.data, paths.validation, { recursive: true });
  const answers = images.map((image) => {
    const row = logits.subarray(3 * image, 3 * image + 3);
    return row.indexOf(Math.max(...row));
  });
  writeFileSync(join(paths.validation, 'labels.bin'), new Uint8Array(Uint16Array.from(answers).buffer));
  const exported = (keep: 'none' | 'last') => {
    const params = { precision: 'int8', formats: ['onnx'], max_loss: 0.1, int8: { keep_float: [keep] } } as const;
    return perform(stage, run, { params, inputs: paths, folder: room.folder });
  };
  expect((await exported('last')).metrics['accuracy_lost']).toBeLessThanOrEqual(0.1);
  await expect(exported('none')).rejects.toMatchObject({
    message: expect.stringMatching(/int8 loses 0\.\d+ of accuracy \(1\.0000 to 0\.\d+ on 30 validation images\), more than max_loss 0\.1/),
    hint: expect.stringContaining('int8.keep_float'),
  });
});

test('where all training images calibrate there is none to measure on', async () => {
  await expect(exportFresh(everyLayer, 3, { precision: 'int8' })).rejects.toMatchObject({
    message: expect.stringContaining('all 40 training images calibrate'),
    hint: expect.stringContaining('int8.images'),
  });
});

test('preprocessing: graph adds what takes pictures, which is compared with pictures that are prepared outside', async () => {
  const { outputs, metrics } = await exportFresh(everyLayer, 3, { formats: ['onnx', 'saved_model'], preprocessing: 'graph', images: 5 });
  expect(metrics['pictures_difference']).toBeLessThanOrEqual(1e-4);
  expect(metrics['resizing_difference']).toBeLessThan(0.05);
  const folder = outputs['model'] as string;
  expect(readdirSync(join(folder, 'onnx')).sort()).toEqual(['model.onnx', 'pictures.onnx']);
  expect(readExported(folder).pictures).toMatch(/^probabilities of 5 pictures as they are stored within .*e-\d+; of resized ones/);
  const opened = [
    await openOnnxOfPictures(join(folder, 'onnx', 'pictures.onnx'), 1),
    openSavedModelOfPictures(join(folder, 'saved_model')),
  ];
  for (const model of opened) {
    const given = await model.probabilities({ data: new Uint8Array(20 * 70 * 3).fill(9), height: 20, width: 70, channels: 3 });
    expect(given.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 5);
    await model.close();
  }
});

test('pictures in the graph are refused where no format can take them', async () => {
  await expect(exportFresh(everyLayer, 3, { formats: ['tfjs'], preprocessing: 'graph' })).rejects.toThrow(
    'none of the formats can take pictures',
  );
});
