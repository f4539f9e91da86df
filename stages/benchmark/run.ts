import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import { decodeImage, decodeOneImageAThread, formatFolder, readExported, writeClassTables } from 'stillroom/nn';
import type { ExportedClassifier, InferenceRuntime } from 'stillroom/nn';
import { measureAccuracy } from './accuracy.ts';
import { evaluate, FormulaProblem } from './formula.ts';
import { measureSpeed } from './speed.ts';
import type stage from './stage.ts';
import { openTestSet } from './testset.ts';
import type { TestSet } from './testset.ts';

type Context = WorkContext<typeof stage>;

/** Others' share of the machine above which the speed is doubtful. */
const busy = 0.1;

/** The folder of what the runtime reads; fails where the exported model lacks it. */
function findFormat(model: string, { format }: InferenceRuntime, runtime: string, fail: Context['fail']): string {
  const { formats } = readExported(model);
  if (!formats.includes(format)) {
    fail(
      `the runtime ${runtime} reads ${format}, and the model was exported as ${formats.join(', ')} only`,
      `Add ${format} to the param \`formats\` of the stage \`export\`.`,
    );
  }
  return formatFolder(model, format);
}

/** The bytes of all files in a folder and below it. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Fails where model and test set do not fit together. */
function checkFit({ input, classes }: ExportedClassifier, { info }: TestSet, fail: Context['fail']): void {
  if (info.height < input.size || info.width < input.size || info.channels !== input.channels) {
    fail(
      `the model takes ${input.size} × ${input.size} × ${input.channels} images, the test set holds ${info.height} × ${info.width} × ${info.channels}`,
    );
  }
  if (info.classes.join('\n') !== classes.join('\n')) fail('the model and the test set have other classes');
}

/** Fails unless an encoded file decodes to the pixels that the accuracy is measured on. */
async function checkDecoding(data: TestSet, fail: Context['fail']): Promise<void> {
  const packed = new Uint8Array(data.preparation.size ** 2 * data.preparation.channels);
  for (const image of [0, data.info.count - 1]) {
    data.read(image, packed);
    const decoded = await decodeImage(data.encoded(image), data.preparation);
    if (Buffer.compare(decoded, packed) !== 0) fail(`the encoded file of test image ${image} does not decode to its packed pixels`);
  }
}

/** The score, or the user's mistake in its formula. */
function computeScore(formula: string, values: Readonly<Record<string, number>>, fail: Context['fail']): number {
  try {
    return evaluate(formula, values);
  } catch (problem) {
    if (problem instanceof FormulaProblem) fail(problem.message, 'Fix the param `score`.');
    throw problem;
  }
}

export default work<typeof stage>(async ({ params, modules, inputs, outputs, metric, progress, log, fail, cpu }) => {
  const { accuracy_weight, speed_weight, reference_fps, rounds, images } = params;
  const weights = { accuracy_weight, speed_weight, reference_fps };
  const trial = { accuracy: 1, worst_class: 1, fps: 1, model_fps: 1, p50_ms: 1, p95_ms: 1, megabytes: 1, ...weights };
  computeScore(params.score, trial, fail);
  decodeOneImageAThread();
  const folder = findFormat(inputs.model, modules.runtime, params.runtime.name, fail);
  const model = await modules.runtime.open(inputs.model, { threads: cpu });
  const data = openTestSet(inputs.data);
  checkFit(model, data, fail);
  await checkDecoding(data, fail);

  const { count, classes } = data.info;
  const found = await measureAccuracy(model, data, params.batch, (done) => progress(done, count, 'images labelled'));
  const worst = found.by_class.reduce<number>((least, own) => Math.min(least, own ?? 1), 1);
  await writeFile(outputs.results, `${JSON.stringify({ format: 1, count, classes, ...found })}\n`);
  writeClassTables(outputs.tables, found.confusion, classes);
  metric('accuracy', found.accuracy);
  metric('worst_class', worst);
  classes.forEach((name, label) => log(`${name}: ${found.by_class[label]?.toFixed(4) ?? 'no test image'}`));

  const speed = await measureSpeed(model, data, params, (round) => progress(round, rounds, 'rounds'));
  await model.close();
  data.close();
  const megabytes = (await bytesBelow(folder)) / 1e6;
  const { p50_ms, p95_ms, fps, model_fps, load } = speed;
  const values = {
    accuracy: found.accuracy,
    worst_class: worst,
    fps: fps.median,
    model_fps: model_fps.median,
    p50_ms,
    p95_ms,
    megabytes,
    ...weights,
  };
  const score = computeScore(params.score, values, fail);
  if (!Number.isFinite(score)) fail(`the score "${params.score}" is ${score} for ${JSON.stringify(values)}`, 'Fix the param `score`.');
  const { version, precision } = modules.runtime;
  const engine = { name: params.runtime.name, version, precision, threads: cpu };
  const report = {
    format: 1,
    engine,
    images,
    rounds,
    accuracy: found.accuracy,
    by_class: found.by_class,
    ...speed,
    score: { formula: params.score, values, score },
  };
  await writeFile(outputs.report, `${JSON.stringify(report, null, 1)}\n`);
  for (const [name, value] of Object.entries({ p50_ms, p95_ms, fps: fps.median, model_fps: model_fps.median, score }))
    metric(name as 'score', value);
  if (load.others > busy) log(`other processes used ${Math.round(100 * load.others)} % of the machine meanwhile: the speed is doubtful`);
});
