// What distilling and averaging bring, measured through the command line (so that it is cached and goes on where it was stopped):
//
//   npm run bench -- distillation [--images 10000] [any options of `stillroom run`, e.g. --set teacher.epochs=1]
//
// Teachers are trained once; the student has three seeds. Test images are the official 10,000.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

/** What `stillroom run --json` prints, as far as it is read here. */
interface Result {
  readonly metrics?: Readonly<Record<string, number>>;
  readonly error?: { readonly message: string };
}

const sources = ['pipelines/fashion-mnist', '/usr/share/datasets/fashion-mnist'];
const arms = {
  'hard labels, last epoch': 'plain-last-test',
  'hard labels, averaged': 'plain-averaged-test',
  'mixed labels, averaged (the recipe)': 'distilled-test',
};

/** The first images of an idx file of that rank, as an idx file. */
function firstOf(file: Buffer, count: number): Buffer {
  const start = 4 + 4 * file.readUInt8(3);
  const total = file.readUInt32BE(4);
  if (count > total) throw new Error(`There are ${total} training images, not ${count}.`);
  const header = Buffer.from(file.subarray(0, start));
  header.writeUInt32BE(count, 4);
  return Buffer.concat([header, file.subarray(start, start + ((file.length - start) / total) * count)]);
}

/** Writes the first training images and the whole official test set into a folder. */
function makeSource(folder: string, images: number): void {
  const source = sources.find((path) => existsSync(join(path, 'train-images-idx3-ubyte.gz')));
  if (source === undefined) throw new Error('Fashion-MNIST is not here. Fetch it first: npm run data');
  mkdirSync(folder, { recursive: true });
  for (const name of ['images-idx3', 'labels-idx1']) {
    const train = gunzipSync(readFileSync(join(source, `train-${name}-ubyte.gz`)));
    writeFileSync(join(folder, `train-${name}-ubyte.gz`), gzipSync(firstOf(train, images)));
    writeFileSync(join(folder, `t10k-${name}-ubyte.gz`), readFileSync(join(source, `t10k-${name}-ubyte.gz`)));
  }
}

/** Runs the pipeline by the command line; its progress is shown, its result returned. */
async function runPipeline(source: string, options: readonly string[]): Promise<Result> {
  const command = ['dist/cli.js', 'run', 'test/bench/distillation.yaml', '--json', '--set', `sources.images=${source}`, ...options];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  let text = '';
  for await (const part of child.stdout) text += String(part);
  return JSON.parse(text) as Result;
}

/** The values of a metric over a node's instances. */
function valuesOf(metrics: Readonly<Record<string, number>>, node: string, metric: string): number[] {
  const names = Object.keys(metrics).filter((name) => name.startsWith(`${node}[`) && name.endsWith(`.${metric}`));
  return names.map((name) => metrics[name] as number);
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean ± sample standard deviation, in percent. */
function summary(values: readonly number[]): string {
  const mean = meanOf(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(values.length - 1, 1));
  return `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)} %   (${values.map((value) => (100 * value).toFixed(2)).join(', ')})`;
}

/** Prints the arms beside one another, and what the teachers knew. */
function report(metrics: Readonly<Record<string, number>>): void {
  console.log('\nAccuracy on the 10,000 official test images, three seeds: mean ± sd');
  for (const [name, node] of Object.entries(arms)) console.log(`  ${name.padEnd(38)}${summary(valuesOf(metrics, node, 'accuracy'))}`);
  const teacher = metrics['oof.accuracy'] as number;
  const plain = valuesOf(metrics, 'plain', 'top1');
  console.log('\nOn training images that were not trained on:');
  console.log(`  ${'five teachers, out of fold'.padEnd(38)}${(100 * teacher).toFixed(2)} %`);
  console.log(`  ${'student on hard labels, held-out fold'.padEnd(38)}${summary(plain)}`);
  if (teacher <= meanOf(plain)) console.log('\nThe teachers are no better than the plain student: they had nothing to teach.');
}

/** Takes `--images N` out of the arguments; the rest are the command's. */
function readArguments(given: readonly string[]): { readonly images: number; readonly options: readonly string[] } {
  const at = given.indexOf('--images');
  if (at < 0) return { images: 10_000, options: given };
  return { images: Number(given[at + 1]), options: given.toSpliced(at, 2) };
}

const { images, options } = readArguments(process.argv.slice(2));
const folder = mkdtempSync(join(tmpdir(), 'stillroom-distillation-'));
try {
  makeSource(folder, images);
  const { metrics, error } = await runPipeline(folder, options);
  if (metrics === undefined) throw new Error(error?.message ?? 'The run failed.');
  report(metrics);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
