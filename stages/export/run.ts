import { stat, writeFile } from 'node:fs/promises';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import {
  cropCentre,
  describeForOnnx,
  encodeOnnx,
  Normaliser,
  openDataset,
  openOnnx,
  openPredictor,
  openSavedModel,
  readModel,
  relativeDifference,
  writeSavedModel,
} from 'stillroom/nn';
import type { Classifier, Dataset, Model, TensorLayout } from 'stillroom/nn';
import type stage from './stage.ts';

/** Images that are given to a model at once. */
const batch = 50;

/** The logits of some images by an exported model, cropped and normalised as its users do it. */
async function inferExported(
  exported: Classifier,
  layout: TensorLayout,
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
      normaliser.write(cropCentre(pixels, data.info, input.size), layout, fed, index * area);
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

export default work<typeof stage>(async ({ params, inputs, outputs, metric, progress, log, fail, cpu }) => {
  const model = readModel(inputs.model);
  const data = openDataset(inputs.data);
  checkFit(model, data, fail);
  const { network, input, classes, architecture, weights } = model;
  const options = { size: input.size, channels: input.channels, classes: classes.length, name: architecture };
  await writeFile(outputs.onnx, encodeOnnx(network, weights, { ...options, metadata: describeForOnnx(input, classes, architecture) }));
  writeSavedModel(outputs.saved_model, model);

  const count = Math.min(params.images, data.info.count);
  const images = Array.from({ length: count }, (_, index) => Math.floor((index * data.info.count) / count));
  const predictor = openPredictor(model, batch);
  const expected = predictor.logits(data, images);
  predictor.close();
  progress(1, 3, 'models checked');
  const byOnnx = await inferExported(await openOnnx(outputs.onnx, cpu), 'NCHW', data, images, model);
  progress(2, 3, 'models checked');
  const bySavedModel = await inferExported(openSavedModel(outputs.saved_model), 'NHWC', data, images, model);
  progress(3, 3, 'models checked');
  data.close();

  const checked = [
    ['onnx_difference', relativeDifference(expected, byOnnx, 1)],
    ['saved_model_difference', relativeDifference(expected, bySavedModel, 1)],
  ] as const;
  for (const [name, difference] of checked) {
    log(`${name}: ${difference.toExponential(2)} over ${count} images`);
    if (!(difference <= params.tolerance)) fail(`${name} is ${difference}, more than the tolerance ${params.tolerance}`);
    metric(name, difference);
  }
  metric('megabytes', (await stat(outputs.onnx)).size / 1e6);
});
