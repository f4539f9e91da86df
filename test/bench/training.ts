// Training steps beside PyTorch's, pair by pair on the same machine:
//
//   npm run bench -- training --python PYTHON [--rows 32/64,96/64] [--pairs 9] [--seconds 3] [--compile]
//
// PYTHON is an interpreter that has torch and torchvision from PyPI. Each row holds one process a side, which train in turns for a few
// seconds; a ratio is ours / PyTorch's images a second of one such pair. Given are the median of all pairs, its 95 % interval by
// bootstrap, and the peak memory of both. A row is met when the interval's lower end is above 0.95 × its target.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openTrainer } from '../../src/nn/training/step.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import efficientNetB1 from '../../src/nn/models/efficientnet-b1.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import type { Architecture } from '../../src/nn/network.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import { randomFor } from '../../src/nn/random.ts';
import { intervalOf, medianOf } from './measuring/statistics.ts';

const architectures: Readonly<Record<string, Architecture>> = {
  mobilenet_v3_small: mobileNetV3Small,
  efficientnet_b0: efficientNetB0({ drop_path: 0 }),
  efficientnet_b1: efficientNetB1({ drop_path: 0 }),
};

interface Row {
  readonly name: string;
  readonly model: string;
  readonly size: number;
  readonly batch: number;
  readonly target: number;
}

const rows: readonly Row[] = [
  { name: '96/64', model: 'mobilenet_v3_small', size: 96, batch: 64, target: 1.4 },
  { name: '96/256', model: 'mobilenet_v3_small', size: 96, batch: 256, target: 1.3 },
  { name: '224/64', model: 'mobilenet_v3_small', size: 224, batch: 64, target: 1.4 },
  { name: '32/64', model: 'mobilenet_v3_small', size: 32, batch: 64, target: 1.5 },
  { name: '32/256', model: 'mobilenet_v3_small', size: 32, batch: 256, target: 1.3 },
  { name: 'b0-96/32', model: 'efficientnet_b0', size: 96, batch: 32, target: 1.3 },
  { name: 'b1-224/16', model: 'efficientnet_b1', size: 224, batch: 16, target: 1.3 },
];
const THREADS = 2;
const MEMORY_TARGET = 0.9;

/** Our side: the same protocol as training.py's. */
async function serve({ model, size, batch }: Row): Promise<void> {
  const architecture = architectures[model] as Architecture;
  const network = architecture({ classes: 10, channels: 3, stemStride: 2 });
  const input = { size, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const optimizer = adam({ weight_decay: 0 });
  const options = {
    network,
    input,
    classes: 10,
    batch,
    optimizer,
    loss: crossEntropy,
    labelSmoothing: 0,
    movingAverage: 0,
    precision: 'float32' as const,
    momentum: undefined,
  };
  const trainer = openTrainer(options, initialWeights(network, 0));
  const random = randomFor(0);
  const images = Uint8Array.from({ length: batch * size * size * 3 }, () => random.integer(256));
  const labels = new Float32Array(batch * 10);
  for (let image = 0; image < batch; image++) labels[image * 10 + (image % 10)] = 1;
  let step = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, count] = line.split(' ');
    if (word === 'end') break;
    const started = performance.now();
    for (let left = Number(count); left > 0; left--) trainer.step({ images, labels, seed: 0, step: ++step, learningRate: 1e-3 });
    process.stdout.write(`${(performance.now() - started) / 1000} ${process.resourceUsage().maxRSS / 1024}\n`);
  }
  trainer.close();
}

/** One side of a row: a process that makes steps when asked. */
interface Side {
  steps(count: number): Promise<{ readonly seconds: number; readonly memory: number }>;
  end(): void;
}

function openSide(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Side {
  const child: ChildProcessWithoutNullStreams = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  let errors = '';
  child.stderr.on('data', (part) => {
    errors = (errors + String(part)).slice(-2000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async steps(count) {
      child.stdin.write(`steps ${count}\n`);
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`${command} ended:\n${errors}`);
      const [seconds, memory] = String(value).split(' ').map(Number) as [number, number];
      return { seconds, memory };
    },
    end: () => child.stdin.end('end\n'),
  };
}

interface Settings {
  readonly python: string;
  readonly pairs: number;
  readonly seconds: number;
  readonly compile: boolean;
}

const threads = { TF_NUM_INTEROP_THREADS: '2', TF_NUM_INTRAOP_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '3' };

function openTorch(row: Row, python: string, compile: boolean): Side {
  const options = ['--model', row.model, '--size', `${row.size}`, '--batch', `${row.batch}`, '--threads', `${THREADS}`];
  return openSide(python, ['test/bench/training.py', ...options, ...(compile ? ['--compile'] : [])], { OMP_NUM_THREADS: `${THREADS}` });
}

/** Measures a row and prints its line. */
async function measure(row: Row, { python, pairs, seconds, compile }: Settings): Promise<void> {
  const ours = openSide(process.execPath, [process.argv[1] ?? '', '--serve', row.name], threads);
  const torch = openTorch(row, python, false);
  const counts: number[] = [];
  for (const side of [ours, torch]) {
    await side.steps(3);
    const trial = await side.steps(3);
    counts.push(Math.max(3, Math.round((3 * seconds) / trial.seconds)));
  }
  const [ourSteps, torchSteps] = counts as [number, number];
  const ratios: number[] = [];
  const speeds: [number[], number[]] = [[], []];
  let memory: [number, number] = [0, 0];
  for (let pair = 0; pair < pairs; pair++) {
    const run = { ours: () => ours.steps(ourSteps), torch: () => torch.steps(torchSteps) };
    const first = pair % 2 === 0 ? await run.ours() : await run.torch();
    const second = pair % 2 === 0 ? await run.torch() : await run.ours();
    const [own, other] = pair % 2 === 0 ? [first, second] : [second, first];
    const rates = [(row.batch * ourSteps) / own.seconds, (row.batch * torchSteps) / other.seconds] as const;
    speeds[0].push(rates[0]);
    speeds[1].push(rates[1]);
    ratios.push(rates[0] / rates[1]);
    memory = [own.memory, other.memory];
  }
  ours.end();
  torch.end();
  const [low, high] = intervalOf(ratios);
  const met = low > 0.95 * row.target ? 'met' : 'not met';
  const share = memory[0] / memory[1];
  const cells = [
    row.name.padEnd(10),
    `${medianOf(speeds[0]).toFixed(0)} / ${medianOf(speeds[1]).toFixed(0)} images/s`.padEnd(24),
    `${medianOf(ratios).toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`.padEnd(20),
    `target ${row.target.toFixed(2)}: ${met}`.padEnd(22),
    `memory ${memory.map((own) => own.toFixed(0)).join(' / ')} MiB = ${share.toFixed(2)} (${share <= MEMORY_TARGET ? 'met' : 'not met'})`,
  ];
  console.log(cells.join('  '));
  if (compile) {
    const side = openTorch(row, python, true);
    const started = performance.now();
    await side.steps(3);
    const compiling = (performance.now() - started) / 1000;
    const { seconds: taken } = await side.steps(torchSteps);
    side.end();
    console.log(
      `${' '.repeat(12)}torch.compile: ${((row.batch * torchSteps) / taken).toFixed(0)} images/s after ${compiling.toFixed(0)} s of compiling`,
    );
  }
}

const { values: given } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    rows: { type: 'string', default: rows.map(({ name }) => name).join() },
    pairs: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '3' },
    compile: { type: 'boolean', default: false },
    serve: { type: 'string' },
  },
});
if (given.serve !== undefined) await serve(rows.find(({ name }) => name === given.serve) as Row);
else {
  const wanted = given.rows.split(',');
  const settings = { ...given, pairs: Number(given.pairs), seconds: Number(given.seconds) };
  console.log('row (px/batch)  ours / PyTorch  ratio with its 95 % interval');
  for (const row of rows) if (wanted.includes(row.name)) await measure(row, settings);
}
