import { readdir, stat, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { work } from 'stillroom';
import type { WorkContext } from 'stillroom';
import {
  decodeOneImageAThread,
  formatFolder,
  precisionInUse,
  readExported,
  reportWorth,
  writeClassTables,
  writePredictions,
} from 'stillroom/nn';
import type { ExportedClassifier, InferenceRuntime } from 'stillroom/nn';
import { measureAccuracy } from './accuracy.ts';
import type { Accuracy } from './accuracy.ts';
import { watchLoad } from './load.ts';
import { checkScore, scoreOf } from './score.ts';
import type { ScoreValues } from './score.ts';
import { figuresOf, measureSpeeds } from './speeds.ts';
import type { Plan, Speeds } from './speeds.ts';
import { speedsCsv } from './speeds-table.ts';
import type stage from './stage.ts';
import { changeOfPixels, openTestSet } from './testset.ts';
import type { TestSet } from './testset.ts';
import { placementsOf, Showing } from './views.ts';
import type { Views } from './views.ts';

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

/** Fails where model, test set and params do not fit together. */
function checkFit({ input, classes }: ExportedClassifier, { info }: TestSet, { params, fail }: Context): void {
  if (info.height < input.size || info.width < input.size || info.channels !== input.channels) {
    fail(
      `the model takes ${input.size} × ${input.size} × ${input.channels} images, the test set holds ${info.height} × ${info.width} × ${info.channels}`,
    );
  }
  if (info.classes.join('\n') !== classes.join('\n')) fail('the model and the test set have other classes');
  if (params.tta.endsWith('crops') && info.height === input.size && info.width === input.size) {
    fail(
      `\`tta: ${params.tta}\` crops images of ${info.height} × ${info.width} for a model that takes them whole`,
      'Prepare larger images (`size` of prepare-images), or choose `tta: flip`.',
    );
  }
}

/** Fails unless an encoded file decodes to the pixels that the accuracy is measured on. */
async function checkDecoding(data: TestSet, fail: Context['fail']): Promise<void> {
  const packed = new Uint8Array(data.preparation.size ** 2 * data.preparation.channels);
  for (const image of [0, data.info.count - 1]) {
    data.read(image, packed);
    const decoded = await data.decode(image);
    if (Buffer.compare(decoded, packed) !== 0) fail(`the encoded file of test image ${image} does not decode to its packed pixels`);
  }
}

/** What was found of one choice of views. */
interface Found {
  readonly accuracy: Accuracy;
  /** On the packed pixels, however files are decoded. */
  readonly packed: Accuracy;
  readonly worst: number;
  /** The probabilities that each image was given, row by row. */
  readonly answers: Float32Array;
  readonly speeds: Speeds;
}

/** Measures speeds, then the accuracy, of what is shown by these views. */
async function measure(context: Context, data: TestSet, views: Views): Promise<Found> {
  const { params, modules, inputs, progress, cpu } = context;
  const open = (threads: number): Promise<ExportedClassifier> => modules.runtime.open(inputs.model, { threads });
  const show: Plan['show'] = (model) => new Showing(model, data.info, placementsOf(views, data.info, model.input.size));
  const { images, rounds, warmup, batches, ahead, batch } = params;
  const speeds = await measureSpeeds({
    ...{ data, images, rounds, warmup, batches, ahead, open, show },
    threads: { alone: cpu, overlapped: overlappedThreads(cpu) },
    progress: (done, of) => progress(done, of, 'rounds'),
  });
  const model = await open(cpu);
  const { count, classes } = data.info;
  const answers = new Float32Array(count * classes.length);
  const fromFiles = params.decoding === 'whole';
  const told = (done: number): void => progress(done, count, 'images labelled');
  const accuracy = await measureAccuracy(model, data, show(model), { batch, fromFiles, progress: told, answers });
  const packed = fromFiles ? await measureAccuracy(model, data, show(model), { batch, fromFiles: false, progress: told }) : accuracy;
  await model.close();
  const worst = accuracy.by_class.reduce<number>((least, own) => Math.min(least, own ?? 1), 1);
  return { accuracy, packed, worst, answers, speeds };
}

/** The threads that a model has while others decode: one is left to them. */
function overlappedThreads(cpu: number): number {
  return Math.max(cpu - 1, 1);
}

/** What runs the model, and how. */
function engineOf({ params, modules, inputs, cpu }: Context) {
  const { version, affinity, mostThreads = cpu } = modules.runtime;
  const precision = precisionInUse(readExported(inputs.model), modules.runtime);
  const threads = Math.min(cpu, mostThreads);
  const overlapped = Math.min(overlappedThreads(cpu), mostThreads);
  return { name: params.runtime.name, version, precision, affinity, threads, overlapped_threads: overlapped };
}

/** Checks all that may be wrong before anything is measured; returns the folder of what the runtime reads. */
async function check(context: Context, data: TestSet): Promise<string> {
  const { params, modules, inputs, fail, cpu } = context;
  const bad = params.batches.find((batch) => !(Number.isInteger(batch) && batch >= 1));
  if (bad !== undefined) fail(`\`batches\` holds ${bad}, which is no number of images`, 'Give whole numbers from 1.');
  checkScore(params.score, params, fail);
  const folder = findFormat(inputs.model, modules.runtime, params.runtime.name, fail);
  const model = await modules.runtime.open(inputs.model, { threads: cpu });
  checkFit(model, data, context);
  await model.close();
  if (params.decoding === 'prepared') await checkDecoding(data, fail);
  return folder;
}

export default work<typeof stage>(async (context) => {
  const { params, inputs, outputs, metric, log, fail } = context;
  decodeOneImageAThread();
  const data = openTestSet(inputs.data, params.decoding);
  const folder = await check(context, data);
  const loadSince = watchLoad();
  const found = await measure(context, data, params.tta);
  const plain = params.tta === 'none' ? undefined : await measure(context, data, 'none');
  const load = loadSince();
  const decoding = await describeDecoding(context, data, found);
  data.close();

  const megabytes = (await bytesBelow(folder)) / 1e6;
  const { accuracy_weight, speed_weight, reference_fps } = params;
  const valuesOf = ({ accuracy: { accuracy, macro_f1, balanced_accuracy }, worst, speeds }: Found) => {
    const { p50_ms, p95_ms, p99_ms, memory_mib } = speeds;
    const values: ScoreValues = {
      ...{ accuracy, macro_f1, balanced_accuracy, worst_class: worst },
      ...{ ...figuresOf(speeds), p50_ms, p95_ms, p99_ms, megabytes, memory_mib },
    };
    const all = { ...values, accuracy_weight, speed_weight, reference_fps };
    return { values, score: { formula: params.score, values: all, score: scoreOf(params.score, all, fail) } };
  };
  const { values, score } = valuesOf(found);
  const without = plain === undefined ? undefined : valuesOf(plain);
  const engine = engineOf(context);
  await writeResults(context, data, found);
  await writeFile(outputs.speeds, speedsCsv(engine, found.speeds, placementsOf(params.tta, data.info, 1).length));
  const { images, rounds, warmup, ahead, tta } = params;
  const report = {
    format: 2,
    engine,
    machine: { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length },
    ...{ images, rounds, warmup, ahead, tta, decoding },
    ...{ accuracy: found.accuracy.accuracy, macro_f1: values.macro_f1, balanced_accuracy: values.balanced_accuracy },
    by_class: found.accuracy.by_class,
    ...found.speeds,
    load,
    score,
    ...(without === undefined ? {} : { without_tta: { speeds: plain?.speeds.batches, ...without } }),
  };
  await writeFile(outputs.report, `${JSON.stringify(report, null, 1)}\n`);
  for (const [name, value] of Object.entries(values)) if (name !== 'megabytes') metric(name as 'fps', value);
  if (without !== undefined) {
    const [gain, cost] = [values.accuracy - without.values.accuracy, without.values.fps / values.fps];
    metric('tta_gain', gain);
    metric('tta_cost', cost);
    log(
      `${tta}: accuracy ${gain >= 0 ? '+' : '−'}${Math.abs(gain).toFixed(4)} at ${cost.toFixed(2)} times the time an image, score ${score.score.toFixed(4)} in place of ${without.score.score.toFixed(4)}`,
    );
  }
  metric('score', score.score);
  const { count, classes } = data.info;
  reportWorth(found.accuracy.confusion, { who: 'the model', images: `${count} test images`, classes }, context);
  tell(context, values);
  if (load.others > busy) log(`other processes used ${Math.round(100 * load.others)} % of the machine meanwhile: the speed is doubtful`);
});

/** What decoding whole changes: pixels from 0 to 255, and the accuracy. */
async function describeDecoding({ params: { decoding }, log }: Context, data: TestSet, { accuracy, packed }: Found): Promise<object> {
  if (decoding === 'prepared') return { way: decoding };
  const { largest, mean } = await changeOfPixels(data);
  const change = accuracy.accuracy - packed.accuracy;
  log(
    `decoding whole changes pixels by at most ${largest} of 255, ${mean.toFixed(3)} on average, and the accuracy by ${change.toFixed(4)}`,
  );
  return { way: decoding, largest_pixel_change: largest, mean_pixel_change: mean, accuracy_change: change };
}

/** Writes how the test set is answered. */
async function writeResults({ outputs, log }: Context, { info: { count, classes } }: TestSet, { accuracy, answers }: Found): Promise<void> {
  writePredictions(outputs.predictions, { count, classes, values: answers });
  await writeFile(outputs.results, `${JSON.stringify({ format: 1, count, classes, ...accuracy })}\n`);
  writeClassTables(outputs.tables, accuracy.confusion, classes);
  classes.forEach((name, label) => log(`${name}: ${accuracy.by_class[label]?.toFixed(4) ?? 'no test image'}`));
}

/** Says the figures in one line, with what they were measured under. */
function tell(context: Context, { fps, overlapped_fps, best_fps, model_fps, memory_mib }: ScoreValues): void {
  const { name, version, precision, threads } = engineOf(context);
  const under = `${name} ${version}, ${precision}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  const speeds = `${fps.toFixed(0)} images/s from file to label, ${overlapped_fps.toFixed(0)} with decoding overlapped (best ${best_fps.toFixed(0)})`;
  context.log(`${under}: ${speeds}, ${model_fps.toFixed(0)} of the model alone, ${memory_mib.toFixed(0)} MiB`);
}
