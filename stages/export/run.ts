import { copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import {
  cropCentre,
  formatFolder,
  Normaliser,
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
  await (names.includes('onnx') ? copyFile(onnx, outputs.onnx) : writeFile(outputs.onnx, onnxOf(model)));
}

type Outputs = WorkContext<typeof stage>['outputs'];

/** How each format that was written is opened: the ONNX file always is. */
function openersOf(outputs: Outputs, names: readonly ExportFormat[], threads: number) {
  const others = names.filter((name) => name !== 'onnx');
  return [
    { name: 'onnx', by: formats.onnx.by, open: () => openOnnx(outputs.onnx, threads) },
    ...others.map((name) => {
      const { by, open } = formats[name];
      return { name, by, open: typeof open === 'string' ? open : () => open(formatFolder(outputs.model, name), threads) };
    }),
  ] as const;
}

/** Compares what was written with the training graph; returns in words how each was. */
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
  const openers = openersOf(outputs, params.formats, cpu);
  progress(1, 1 + openers.length, 'models checked');
  const checked: Partial<Record<ExportFormat, string>> = {};
  for (const [index, { name, by, open }] of openers.entries()) {
    if (typeof open === 'string') {
      checked[name] = `no: ${open}`;
      log(`${name} was not compared with the training graph: ${open}`);
      continue;
    }
    const difference = relativeDifference(expected, await inferExported(await open(), data, images, model), 1);
    progress(2 + index, 1 + openers.length, 'models checked');
    log(`${name}_difference: ${difference.toExponential(2)} over ${count} images, by ${by}`);
    if (!(difference <= params.tolerance)) fail(`${name}_difference is ${difference}, more than the tolerance ${params.tolerance}`);
    metric(`${name}_difference`, difference);
    checked[name] = `logits of ${count} images by ${by}, in float32, within ${params.tolerance}`;
  }
  return checked;
}

export default work<typeof stage>(async (context) => {
  const { params, inputs, outputs, metric, fail } = context;
  const model = readModel(inputs.model);
  const data = openDataset(inputs.data);
  checkFit(model, data, fail);
  await writeModels(model, data, params.formats, outputs);
  const checked = await checkAll(context, model, data);
  const { architecture, classes, input } = model;
  writeExported(outputs.model, { architecture, classes, input, preparation: preparationOf(data.info), formats: params.formats, checked });
  data.close();
  metric('megabytes', (await stat(outputs.onnx)).size / 1e6);
});
