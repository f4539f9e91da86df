import { copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import {
  cropCentre,
  epsilonsOf,
  formatFolder,
  NoCounterpartError,
  Normaliser,
  ONNX_OPSET,
  openDataset,
  openOnnx,
  openPredictor,
  preparationOf,
  readModel,
  relativeDifference,
  top1,
  writeExported,
} from 'stillroom/nn';
import type { Dataset, Model } from 'stillroom/nn';
import { formats, onnxOf, writeFormat } from './formats.ts';
import type { ExportFormat, Opened } from './formats.ts';
import { calibrationImages, onnxForm, spread } from './precision.ts';
import type { OnnxForm } from './precision.ts';
import { comparePictures, takingPictures } from './pictures.ts';
import type stage from './stage.ts';

/** Images that are given to a model at once. */
const batch = 50;

/** Images that are compared as pictures. */
const PICTURES = 20;

/** The logits of some images by an exported model, cropped and normalised as its users do it. */
async function inferExported(exported: Opened, data: Dataset, images: readonly number[], model: Model): Promise<Float32Array> {
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

/** Writes the ONNX file, and the formats that are asked for into the folder of the exported model. */
async function writeModels({ params, outputs, fail }: Context, form: OnnxForm, model: Model, { info }: Dataset): Promise<void> {
  const names = params.formats;
  try {
    for (const name of names)
      await writeFormat(name, outputs.model, { model, onnx: form, data: info, preprocessing: params.preprocessing });
  } catch (error) {
    if (error instanceof NoCounterpartError) fail(error.message, error.hint);
    throw error;
  }
  const onnx = join(formatFolder(outputs.model, 'onnx'), 'model.onnx');
  await (names.includes('onnx') ? copyFile(onnx, outputs.onnx) : writeFile(outputs.onnx, onnxOf(form, info)));
}

type Context = WorkContext<typeof stage>;

/** Compares what was written with the training graph; returns in words how each was. The ONNX file always is. */
async function checkAll(
  { params, outputs, cpu, metric, progress, log, fail }: Context,
  model: Model,
  data: Dataset,
): Promise<Partial<Record<ExportFormat, string>>> {
  const count = Math.min(params.images, data.info.count);
  const images = Array.from({ length: count }, (_, index) => Math.floor((index * data.info.count) / count));
  const predictor = openPredictor(model, batch);
  const expected = predictor.logits(data, images);
  predictor.close();
  const written = new Set<ExportFormat>(['onnx', ...params.formats]);
  const checked: Partial<Record<ExportFormat, string>> = {};
  for (const name of written) {
    progress(1 + Object.keys(checked).length, 1 + written.size, 'models checked');
    const { check } = formats[name];
    if (typeof check === 'string') {
      checked[name] = `no: ${check}`;
      log(`${name} was not compared with the training graph: ${check}`);
      continue;
    }
    const opened = await (name === 'onnx' ? openOnnx(outputs.onnx, cpu) : check.open(formatFolder(outputs.model, name), cpu));
    const difference = relativeDifference(expected, await inferExported(opened, data, images, model), 1);
    log(`${check.metric}: ${difference.toExponential(2)} over ${count} images, by ${check.by}`);
    const isReduced = name === 'onnx' && params.precision !== 'float32';
    if (!(isReduced || difference <= params.tolerance))
      fail(`${check.metric} is ${difference}, more than the tolerance ${params.tolerance}`);
    metric(check.metric, difference);
    const within = isReduced ? `${params.precision}, within ${difference.toPrecision(2)}` : `float32, within ${params.tolerance}`;
    checked[name] = `logits of ${count} images by ${check.by}, in ${within}`;
  }
  progress(1 + written.size, 1 + written.size, 'models checked');
  return checked;
}

/** Measures what the ONNX file's precision costs: fails where that is more than allowed. */
async function measureLoss(context: Context, model: Model, data: Dataset): Promise<void> {
  const { params, inputs, outputs, cpu, metric, log, fail } = context;
  if (params.precision === 'float32') return;
  const held = inputs.validation === undefined ? data : openDataset(inputs.validation);
  checkFit(model, held, fail);
  const calibrating = new Set(inputs.validation === undefined ? calibrationImages(params, data) : []);
  const others = [...Array(held.info.count).keys()].filter((image) => !calibrating.has(image));
  const images = spread(others, params.loss_images);
  if (images.length === 0) {
    fail(
      `all ${held.info.count} training images calibrate, so none is left to measure the accuracy on`,
      'Lower `int8.images`, or connect the input `validation`.',
    );
  }
  const predictor = openPredictor(model, batch);
  const before = top1(predictor.logits(held, images), held, images);
  predictor.close();
  const after = top1(await inferExported(await openOnnx(outputs.onnx, cpu), held, images, model), held, images);
  if (held !== data) held.close();
  const lost = before - after;
  const of = inputs.validation === undefined ? 'training images that do not calibrate' : 'validation images';
  log(`${params.precision}: accuracy ${after.toFixed(4)} in place of ${before.toFixed(4)} on ${images.length} ${of}`);
  metric('accuracy_lost', lost);
  if (lost > params.max_loss) {
    const kept = 'Keep more layers in float32 (`int8.keep_float`), choose another `int8.method` or more `int8.images`';
    fail(
      `${params.precision} loses ${lost.toFixed(4)} of accuracy (${before.toFixed(4)} to ${after.toFixed(4)} on ${images.length} ${of}), more than max_loss ${params.max_loss}`,
      `${params.precision === 'int8' ? kept : 'Choose `precision: float32`'}, or allow more by \`max_loss\`.`,
    );
  }
}

/** Compares what takes pictures with pictures that are prepared outside; returns in words how that came out. */
async function checkPictures({ params, outputs, cpu, metric, log, fail }: Context, model: Model, data: Dataset): Promise<string> {
  // What is compared with is the ONNX file: with other formats only where it is as exact as they are.
  const names = takingPictures(params.formats).filter((name) => name === 'onnx' || params.precision === 'float32');
  if (names.length === 0) return `no: the ONNX file that they would be compared with is ${params.precision}`;
  const count = Math.min(PICTURES, params.images, data.info.count);
  const images = Array.from({ length: count }, (_, index) => Math.floor((index * data.info.count) / count));
  const comparing = { model, data, folder: outputs.model, onnx: outputs.onnx, formats: names, threads: cpu };
  const { stored, resized } = await comparePictures(comparing, images);
  if (!(stored <= params.tolerance)) fail(`pictures_difference is ${stored}, more than the tolerance ${params.tolerance}`);
  metric('pictures_difference', stored);
  metric('resizing_difference', resized.mean);
  const found = `probabilities of ${count} pictures as they are stored within ${stored.toExponential(2)}; of resized ones ${resized.mean.toExponential(2)} off on average, at most ${resized.most.toExponential(2)}`;
  log(`${names.join(', ')}: ${found}`);
  return found;
}

export default work<typeof stage>(async (context) => {
  const { params, inputs, outputs, metric, fail } = context;
  const model = readModel(inputs.model);
  const data = openDataset(inputs.data);
  checkFit(model, data, fail);
  const isInGraph = params.preprocessing === 'graph';
  if (isInGraph && takingPictures(params.formats).length === 0)
    fail('none of the formats can take pictures', 'give formats: [onnx] or [saved_model] too, or preprocessing: metadata');
  await writeModels(context, await onnxForm(context, model, data), model, data);
  await measureLoss(context, model, data);
  const checked = await checkAll(context, model, data);
  const pictures = isInGraph ? await checkPictures(context, model, data) : undefined;
  const { architecture, classes, input, network } = model;
  const known = {
    architecture,
    classes,
    input,
    preparation: preparationOf(data.info),
    formats: params.formats,
    precision: params.precision,
  };
  writeExported(outputs.model, { ...known, opset: ONNX_OPSET, bn_eps: epsilonsOf(network), checked, pictures });
  data.close();
  metric('megabytes', (await stat(outputs.onnx)).size / 1e6);
});
