import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import {
  cropCentre,
  describeForOnnx,
  encodeOnnx,
  formatFolder,
  Normaliser,
  openDataset,
  openOnnx,
  openPredictor,
  openSavedModel,
  preparationOf,
  readModel,
  relativeDifference,
  writeExported,
  writeSavedModel,
} from 'stillroom/nn';
import type { ExportedClassifier, ExportFormat, Dataset, Model } from 'stillroom/nn';
import type stage from './stage.ts';

/** Images that are given to a model at once. */
const batch = 50;

/** The logits of some images by an exported model, cropped and normalised as its users do it. */
async function inferExported(
  exported: Pick<ExportedClassifier, 'logits' | 'close' | 'layout'>,
  data: Dataset,
  images: readonly number[],
  model: Model,
): Promise<Float32Array> {
  const { input, classes } = model;
  const normaliser = new Normaliser(input);
  const pixels = new Uint8Array(data.info.height * data.info.width * data.info.channels);
  const area = input.size * input.size * input.channels;
  const all = new Float32Array(images.length * classes.length);
  for (let start = 0; start < images.length; start += batch) {
    const part = images.slice(start, start + batch);
    const fed = new Float32Array(part.length * area);
    part.forEach((image, index) => {
      data.read(image, pixels);
      normaliser.write(cropCentre(pixels, data.info, input.size), exported.layout, fed, index * area);
    });
    all.set(await exported.logits(fed, part.length), start * classes.length);
  }
  await exported.close();
  return all;
}

/** Fails where model and data do not fit together. */
function checkFit({ input, classes }: Model, { info }: Dataset, fail: WorkContext<typeof stage>['fail']): void {
  if (info.height < input.size || info.width < input.size || info.channels !== input.channels) {
    fail(
      `the model takes ${input.size} × ${input.size} × ${input.channels} images, the data holds ${info.height} × ${info.width} × ${info.channels}`,
    );
  }
  if (info.classes.join('\n') !== classes.join('\n')) fail('the model and the data have other classes');
}

type Outputs = WorkContext<typeof stage>['outputs'];

/** Writes the ONNX file, and the folder of the exported model with the formats that are asked for. */
async function writeModels(model: Model, data: Dataset, formats: readonly ExportFormat[], outputs: Outputs): Promise<void> {
  const { network, input, classes, architecture, weights } = model;
  const options = { size: input.size, channels: input.channels, classes: classes.length, name: architecture };
  await writeFile(outputs.onnx, encodeOnnx(network, weights, { ...options, metadata: describeForOnnx(input, classes, architecture) }));
  writeExported(outputs.model, { architecture, classes, input, preparation: preparationOf(data.info), formats });
  if (formats.includes('onnx')) {
    await mkdir(formatFolder(outputs.model, 'onnx'), { recursive: true });
    await copyFile(outputs.onnx, join(formatFolder(outputs.model, 'onnx'), 'model.onnx'));
  }
  if (formats.includes('saved_model')) writeSavedModel(formatFolder(outputs.model, 'saved_model'), model);
}

/** How each format that was written is opened, with the metric that it is judged by. */
function checksOf(outputs: Outputs, formats: readonly ExportFormat[], threads: number) {
  const checks = [['onnx_difference', () => openOnnx(outputs.onnx, threads)]] as const;
  const savedModel = ['saved_model_difference', () => openSavedModel(formatFolder(outputs.model, 'saved_model'))] as const;
  return formats.includes('saved_model') ? [...checks, savedModel] : checks;
}

export default work<typeof stage>(async ({ params, inputs, outputs, metric, progress, log, fail, cpu }) => {
  const model = readModel(inputs.model);
  const data = openDataset(inputs.data);
  checkFit(model, data, fail);
  await writeModels(model, data, params.formats, outputs);

  const count = Math.min(params.images, data.info.count);
  const images = Array.from({ length: count }, (_, index) => Math.floor((index * data.info.count) / count));
  const predictor = openPredictor(model, batch);
  const expected = predictor.logits(data, images);
  predictor.close();
  const checks = checksOf(outputs, params.formats, cpu);
  progress(1, 1 + checks.length, 'models checked');
  for (const [index, [name, open]] of checks.entries()) {
    const difference = relativeDifference(expected, await inferExported(await open(), data, images, model), 1);
    progress(2 + index, 1 + checks.length, 'models checked');
    log(`${name}: ${difference.toExponential(2)} over ${count} images`);
    if (!(difference <= params.tolerance)) fail(`${name} is ${difference}, more than the tolerance ${params.tolerance}`);
    metric(name, difference);
  }
  data.close();
  metric('megabytes', (await stat(outputs.onnx)).size / 1e6);
});
