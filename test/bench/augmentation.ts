// How much of a training's wall time is the native step, with batches made in a thread and without; and whether memory stays bounded when
// the data set is large:
//
//   npm run bench -- augmentation [--size 224] [--stored 256] [--batch 64] [--steps 12] [--rounds 3]
//   npm run bench -- augmentation memory
//
// MobileNetV3-small on random images, cropped, mirrored and mixed by CutMix. The first form trains by turns with and without the thread;
// then it runs the second in a process of its own, which takes 50 steps on 60,000 images of 256 × 256 pixels (11 GiB, of zeros).
import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { esbuildBundler } from '../../src/code/bundler.ts';
import type { ThreadJob } from '../../src/executors/job/protocol.ts';
import type { Dataset } from '../../src/nn/data/dataset.ts';
import { openDataset } from '../../src/nn/data/dataset.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import cutmix from '../../src/nn/mixing/cutmix.ts';
import mobilenetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import radam from '../../src/nn/optimizers/radam.ts';
import balanced from '../../src/nn/samplers/balanced.ts';
import type { BatchSource } from '../../src/nn/training/batches.ts';
import type { StartThread } from '../../src/nn/training/feed.ts';
import { openFeed } from '../../src/nn/training/feed.ts';
import type { Trainer } from '../../src/nn/training/step.ts';
import { openTrainer } from '../../src/nn/training/step.ts';
import { turn } from '../../src/nn/training/turns.ts';
import { medianOf } from './measuring/statistics.ts';

const GOAL = 0.9;
const LIMIT = 4 * 2 ** 30;
const classes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

interface Settings {
  readonly size: number;
  readonly stored: number;
  readonly batch: number;
  readonly steps: number;
  readonly rounds: number;
}

/** Writes a packed data set of random labels, and of random pixels or (as a hole in its file) of zeros. */
function pack(folder: string, count: number, side: number, pixels: 'random' | 'zeros'): Dataset {
  mkdirSync(folder, { recursive: true });
  const [mean, std] = [
    [0.5, 0.5, 0.5],
    [0.29, 0.29, 0.29],
  ];
  writeFileSync(
    join(folder, 'dataset.json'),
    JSON.stringify({ format: 1, count, height: side, width: side, channels: 3, classes, mean, std }),
  );
  writeFileSync(
    join(folder, 'labels.bin'),
    Uint16Array.from({ length: count }, (_, index) => (index * 7) % classes.length),
  );
  writeFileSync(join(folder, 'images.bin'), pixels === 'random' ? randomFillSync(new Uint8Array(count * side * side * 3)) : '');
  if (pixels === 'zeros') truncateSync(join(folder, 'images.bin'), count * side * side * 3);
  return openDataset(folder);
}

function sourceOf(images: Dataset, { size, batch }: Pick<Settings, 'size' | 'batch'>): BatchSource {
  return {
    images,
    indices: Array.from({ length: images.info.count }, (_, index) => index),
    batch,
    size,
    augmentation: { padding: 0, flip: true },
    sampler: balanced,
    epochLength: 0,
    mixing: cutmix(mixing),
    seed: 1,
  };
}

const mixing = { probability: 0.5, alpha: 1 };

/** Starts threads as a node's process does: with the bundle of a training stage. */
async function threadsOf(folder: string): Promise<StartThread> {
  const modules = {
    sampling: { file: resolve('src/nn/samplers/balanced.ts'), takesParams: false },
    mixing: { file: resolve('src/nn/mixing/cutmix.ts'), takesParams: true },
    model: { file: resolve('src/nn/models/mobilenet-v3-small.ts'), takesParams: false },
  };
  const bundled = await esbuildBundler.bundle({ folder: resolve('stages/train-student'), entry: './run.ts', modules, root: resolve('.') });
  if (!bundled.ok) throw new Error(bundled.problems[0]?.message);
  const file = join(folder, 'stage.mjs');
  writeFileSync(file, bundled.value.code);
  return (run, data) => {
    const { port1: port, port2: other } = new MessageChannel();
    const workerData: ThreadJob = { bundle: pathToFileURL(file).href, name: run.name, data, params: { mixing }, port: other };
    const worker = new Worker(resolve('dist/executors/job/thread.js'), { workerData, transferList: [other] });
    worker.once('error', (error) => {
      throw error;
    });
    return { port, close: async () => void (await worker.terminate()) };
  };
}

function trainerOf(images: Dataset, { size, batch }: Pick<Settings, 'size' | 'batch'>): Trainer {
  const { mean, std } = images.info;
  const network = mobilenetV3Small({ classes: classes.length, channels: 3, stemStride: 2 });
  return openTrainer(
    {
      network,
      input: { size, channels: 3, mean, std },
      classes: classes.length,
      batch,
      optimizer: radam({ weight_decay: 0 }),
      loss: crossEntropy,
      labelSmoothing: 0,
      movingAverage: 0,
      precision: 'float32',
      momentum: undefined,
    },
    initialWeights(network, 1),
  );
}

/** Makes steps as a training does; gives their wall time and how much of it was the native step, in milliseconds. */
async function train(trainer: Trainer, source: BatchSource, steps: number, start?: StartThread): Promise<{ wall: number; native: number }> {
  const feed = openFeed(source, start);
  // The first batch is not counted: it waits for the thread to start.
  const makeStep = async (step: number): Promise<number> => {
    const { images, labels } = await feed.next(step);
    const before = performance.now();
    trainer.step({ images, labels, seed: 1, step: step + 1, learningRate: 0.001 });
    return performance.now() - before;
  };
  await makeStep(0);
  let native = 0;
  const started = performance.now();
  for (let step = 1; step <= steps; step++) {
    native += await makeStep(step);
    await turn();
  }
  const wall = performance.now() - started;
  await feed.close();
  return { wall, native };
}

async function compare(folder: string, settings: Settings): Promise<void> {
  const { size, stored, batch, steps, rounds } = settings;
  const images = pack(join(folder, 'random'), 1000, stored, 'random');
  const start = await threadsOf(folder);
  const trainer = trainerOf(images, settings);
  const arms = { 'made in place': undefined, 'made in a thread': start };
  const times = Object.keys(arms).map((name) => ({ name, shares: [] as number[], walls: [] as number[] }));
  await train(trainer, sourceOf(images, settings), 2);
  for (let round = 0; round < rounds; round++) {
    for (const { name, shares, walls } of times) {
      const { wall, native } = await train(trainer, sourceOf(images, settings), steps, arms[name as keyof typeof arms]);
      shares.push(native / wall);
      walls.push(wall / steps);
    }
  }
  trainer.close();
  images.close();
  console.log(`MobileNetV3-small, ${stored} px cropped to ${size}, batch ${batch}: ${rounds} rounds of ${steps} steps`);
  console.log(`${'batches'.padEnd(20)}native step / wall   / ${GOAL}    ms a step (least)`);
  for (const { name, shares, walls } of times) {
    const share = medianOf(shares);
    const cells = [`${(100 * share).toFixed(1)} %`.padEnd(21), (share / GOAL).toFixed(3).padEnd(9)];
    console.log(`${name.padEnd(20)}${cells.join('')}${medianOf(walls).toFixed(1)} (${Math.min(...walls).toFixed(1)})`);
  }
  if (medianOf(times[1]?.shares ?? []) < GOAL) process.exitCode = 1;
}

/** Trains 50 steps on a set far larger than the limit, and prints the process's peak resident memory. */
async function memory(folder: string): Promise<void> {
  const settings = { size: 224, batch: 64 };
  const images = pack(join(folder, 'large'), 60_000, 256, 'zeros');
  const trainer = trainerOf(images, settings);
  await train(trainer, sourceOf(images, settings), 50, await threadsOf(folder));
  trainer.close();
  images.close();
  const peak = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  const size = gib(60_000 * 256 * 256 * 3);
  console.log(`60,000 images of 256 px (${size}), 50 steps of batch 64 at 224 px: peak ${gib(peak)} of ${gib(LIMIT)} allowed`);
  if (!(peak <= LIMIT)) process.exitCode = 1;
}

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '224' },
    stored: { type: 'string', default: '256' },
    batch: { type: 'string', default: '64' },
    steps: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '3' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'stillroom-augmentation-'));
try {
  if (positionals[0] === 'memory') {
    await memory(folder);
  } else {
    const sizes = { size: Number(given.size), stored: Number(given.stored), batch: Number(given.batch) };
    await compare(folder, { ...sizes, steps: Number(given.steps), rounds: Number(given.rounds) });
    const { status } = spawnSync(process.execPath, [...process.execArgv, process.argv[1] ?? '', 'memory'], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
