// What a teacher in the student's graph costs a training step, in time of the processor, wall time and memory:
//
//   npm run bench -- teacher [--steps 20] [--arms stored,efficientnet-b0]
//
// The student is MobileNetV3-small, 64 images a batch: of 32 px with one channel as in pipelines/ablation.yaml (teachers with stem stride 1),
// and of 96 px with three (teachers as published, of which one takes 128 px). Each arm trains in a process of its own, with threads as a node
// of two has them. Given are medians over the steps after the third, and the peak of memory.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import distillation from '../../src/nn/losses/distillation.ts';
import denseNet121 from '../../src/nn/models/densenet121.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import efficientNetB1 from '../../src/nn/models/efficientnet-b1.ts';
import efficientNetB4 from '../../src/nn/models/efficientnet-b4.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import seResNeXt50 from '../../src/nn/models/se-resnext50.ts';
import type { Architecture } from '../../src/nn/network.ts';
import radam from '../../src/nn/optimizers/radam.ts';
import { randomFor } from '../../src/nn/random.ts';
import type { Trainer } from '../../src/nn/training/step.ts';
import { openTrainer } from '../../src/nn/training/step.ts';
import type { Teacher } from '../../src/nn/training/teachers.ts';
import { medianOf } from './measuring/statistics.ts';

const [BATCH, CLASSES] = [64, 10];
const threads = { TF_NUM_INTEROP_THREADS: '2', TF_NUM_INTRAOP_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '3' };

const architectures: Readonly<Record<string, Architecture>> = {
  'efficientnet-b0': efficientNetB0({ drop_path: 0 }),
  'efficientnet-b1': efficientNetB1({ drop_path: 0 }),
  'efficientnet-b4': efficientNetB4({ drop_path: 0 }),
  'se-resnext50': seResNeXt50({ drop_path: 0 }),
  densenet121: denseNet121,
};

interface Arm {
  readonly name: string;
  /** Height and width that the student sees. */
  readonly size: number;
  readonly channels: number;
  readonly teachers: readonly { readonly model: string; readonly size: number; readonly stemStride: 1 | 2 }[];
}

const small = (name: string, ...models: readonly string[]): Arm => ({
  name,
  size: 32,
  channels: 1,
  teachers: models.map((model) => ({ model, size: 32, stemStride: 1 })),
});

const large = (name: string, ...sizes: readonly number[]): Arm => ({
  name,
  size: 96,
  channels: 3,
  teachers: sizes.map((size) => ({ model: 'efficientnet-b0', size, stemStride: 2 })),
});

const arms: readonly Arm[] = [
  small('stored'),
  ...Object.keys(architectures).map((model) => small(model, model)),
  small('five efficientnet-b0', ...Array.from({ length: 5 }, () => 'efficientnet-b0')),
  large('96 px, stored'),
  large('96 px, efficientnet-b0', 96),
  large('96 px, efficientnet-b0 of 128 px', 128),
];

const inputOf = (size: number, channels: number) => {
  return { size, channels, mean: new Array<number>(channels).fill(0.5), std: new Array<number>(channels).fill(0.25) };
};

function trainerOf({ size, channels, teachers }: Arm): Trainer {
  const network = mobileNetV3Small({ classes: CLASSES, channels, stemStride: 2 });
  const made = teachers.map(({ model, size: own, stemStride }): Teacher => {
    const trained = (architectures[model] as Architecture)({ classes: CLASSES, channels, stemStride });
    return { network: trained, weights: initialWeights(trained, 1), input: inputOf(own, channels) };
  });
  return openTrainer(
    {
      network,
      input: inputOf(size, channels),
      classes: CLASSES,
      batch: BATCH,
      optimizer: radam({ weight_decay: 0 }),
      loss: distillation({ temperature: 4, teacher: teachers.length === 0 ? 'stored' : 'online', teacher_weight: 0.9 }),
      teachers: made,
      labelSmoothing: 0,
      movingAverage: 0,
      precision: 'float32',
      momentum: undefined,
    },
    initialWeights(network, 0),
  );
}

interface Measured {
  /** Milliseconds a step. */
  readonly processor: number;
  readonly wall: number;
  readonly mebibytes: number;
}

/** Trains an arm in this process. */
function measure(arm: Arm, steps: number): Measured {
  const trainer = trainerOf(arm);
  const random = randomFor(0);
  const images = Uint8Array.from({ length: BATCH * arm.size ** 2 * arm.channels }, () => random.integer(256));
  const labels = new Float32Array(BATCH * CLASSES);
  for (let image = 0; image < BATCH; image++) labels[image * CLASSES + (image % CLASSES)] = 1;
  const answers = arm.teachers.length === 0 ? { teacher: labels } : {};
  const [processor, wall]: [number[], number[]] = [[], []];
  for (let step = 1; step <= steps + 3; step++) {
    const [used, started] = [process.cpuUsage(), performance.now()];
    trainer.step({ images, labels, ...answers, seed: 0, step, learningRate: 1e-3 });
    const { user, system } = process.cpuUsage(used);
    if (step <= 3) continue;
    processor.push((user + system) / 1000);
    wall.push(performance.now() - started);
  }
  trainer.close();
  return { processor: medianOf(processor), wall: medianOf(wall), mebibytes: process.resourceUsage().maxRSS / 1024 };
}

const { values } = parseArgs({ options: { steps: { type: 'string' }, arms: { type: 'string' }, measure: { type: 'string' } } });
const steps = Number(values.steps ?? 20);
const named = (name: string): Arm => {
  const arm = arms.find((one) => one.name === name);
  if (arm === undefined) throw new Error(`There is no arm "${name}"; known: ${arms.map((one) => one.name).join(', ')}.`);
  return arm;
};
if (values.measure !== undefined) console.log(JSON.stringify(measure(named(values.measure), steps)));
else {
  console.log('| teacher | processor a step, ms | wall, ms | peak memory, MiB |\n|---|---|---|---|');
  for (const { name } of values.arms === undefined ? arms : values.arms.split(',').map(named)) {
    const args = [process.argv[1] ?? '', '--measure', name, '--steps', String(steps)];
    const child = spawnSync(process.execPath, args, { env: { ...process.env, ...threads }, stdio: ['ignore', 'pipe', 'inherit'] });
    const { processor, wall, mebibytes } = JSON.parse(String(child.stdout)) as Measured;
    console.log(`| ${name} | ${processor.toFixed(0)} | ${wall.toFixed(0)} | ${mebibytes.toFixed(0)} |`);
  }
}
