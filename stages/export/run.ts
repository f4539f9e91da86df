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
  writeExported,
} from 'stillroom/nn';
import type { Dataset, Model } from 'stillroom/nn';
import { formats, onnxOf, writeFormat } from './formats.ts';
import type { ExportFormat, Opened } from './formats.ts';
import type stage from './stage.ts';

/** Images that are given to a model at once. */
const batch = 50;

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
async function writeModels(model: Model, { info }: Dataset, names: readonly ExportFormat[], outputs: Outputs): Promise<void> {
  for (const name of names) await writeFormat(name, outputs.model, { model, data: info });
  const onnx = join(formatFolder(outputs.model, 'onnx'), 'model.onnx');
  await (names.includes('onnx') ? copyFile(onnx, outputs.onnx) : writeFile(outputs.onnx, onnxOf({ model, data: info })));
}

type Outputs = WorkContext<typeof stage>['outputs'];

/** Compares what was written with the training graph; returns in words how each was. The ONNX file always is. */
async function checkAll(
  { params, outputs, cpu, metric, progress, log, fail }: WorkContext<typeof stage>,
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
    if (!(difference <= params.tolerance)) fail(`${check.metric} is ${difference}, more than the tolerance ${params.tolerance}`);
    metric(check.metric, difference);
    checked[name] = `logits of ${count} images by ${check.by}, in float32, within ${params.tolerance}`;
  }
  progress(1 + written.size, 1 + written.size, 'models checked');
  return checked;
}

export default work<typeof stage>(async (context) => {
  const { params, inputs, outputs, metric, fail } = context;
  const model = readModel(inputs.model);
  const data = openDataset(inputs.data);
  checkFit(model, data, fail);
  try {
    await writeModels(model, data, params.formats, outputs);
  } catch (error) {
    if (error instanceof NoCounterpartError) fail(error.message, error.hint);
    throw error;
  }
  const checked = await checkAll(context, model, data);
  const { architecture, classes, input, network } = model;
  const known = { architecture, classes, input, preparation: preparationOf(data.info), formats: params.formats };
  writeExported(outputs.model, { ...known, opset: ONNX_OPSET, bn_eps: epsilonsOf(network), checked });
  data.close();
  metric('megabytes', (await stat(outputs.onnx)).size / 1e6);
});
