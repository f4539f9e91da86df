import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { heldTensors } from '../../src/nn/engine/session.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import crossEntropy from '../../src/nn/losses/cross-entropy.ts';
import distillation from '../../src/nn/losses/distillation.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import cutmix from '../../src/nn/mixing/cutmix.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import balanced from '../../src/nn/samplers/balanced.ts';
import cosine from '../../src/nn/schedules/cosine.ts';
import { learningRateAt } from '../../src/nn/schedules/parts/schedule.ts';
import type { CheckpointStore, EpochRecord } from '../../src/nn/training/checkpoint.ts';
import { readState } from '../../src/nn/training/checkpoint.ts';
import { checkAnswers, DivergedError } from '../../src/nn/training/divergence.ts';
import { openPredictor, scoresOf, softmax } from '../../src/nn/training/evaluate.ts';
import type { TrainingRecipe } from '../../src/nn/training/recipe.ts';
import { trainingOptions } from '../../src/nn/training/recipe.ts';
import { openTrainer } from '../../src/nn/training/step.ts';
import type { TrainingOptions, TrainingResult } from '../../src/nn/training/train.ts';
import { train } from '../../src/nn/training/train.ts';
import { encodeSafetensors } from '../../src/nn/weights/safetensors.ts';
import type { Weights } from '../../src/nn/weights/tensor.ts';
import { quarterImages, relativeError, smallModel } from './rig.ts';

const recipe: TrainingRecipe = {
  batch: 16,
  epochs: 3,
  seed: 11,
  lr: 0.01,
  schedule: { warm_up: 0.1 },
  loss: { label_smoothing: 0.05 },
  batch_norm_momentum: 0.1,
  moving_average: 0,
  precision: 'float32',
  epoch_length: 0,
  augment: { crop_padding: 1, flip: false },
};

/** 100 images, of which the last 20 are held out: 5 steps an epoch. */
function options(
  changes: Partial<TrainingRecipe> & Pick<Partial<TrainingOptions>, 'keep' | 'stopAfter' | 'teachers'> = {},
): TrainingOptions {
  const images = quarterImages(100);
  const indices = Array.from({ length: 100 }, (_, index) => index);
  const { keep = 'chosen', stopAfter, teachers, ...changed } = changes;
  const own = { ...recipe, ...changed };
  const task = {
    model: smallModel(),
    images,
    training: indices.slice(0, 80),
    heldOut: indices.slice(80),
    keep,
    teachers,
    stopAfter: stopAfter ?? own.epochs,
  };
  const optimizer = adam({ weight_decay: 0.01 });
  const mixing = cutmix({ probability: 0.5, alpha: 1 });
  const loss = teachers === undefined ? crossEntropy : distillation({ temperature: 4, teacher: 'online', teacher_weight: 0.9 });
  return trainingOptions(own, { optimizer, schedule: cosine, loss, sampling: balanced, mixing }, task);
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A store whose saves land in numbered folders. */
function store(start: string | undefined): CheckpointStore & { readonly saved: string[] } {
  const saved: string[] = [];
  return {
    folder: start,
    saved,
    async save(write) {
      const next = mkdtempSync(join(folder, 'checkpoint-'));
      write(next);
      saved.push(next);
    },
  };
}

interface Outcome {
  readonly result: TrainingResult | undefined;
  readonly saved: readonly string[];
  readonly epochs: readonly EpochRecord[];
}

/** Trains from a checkpoint (or anew) and stops after some steps, if told to. */
async function trained(own: TrainingOptions, from?: string, stopAtStep?: number): Promise<Outcome> {
  const checkpoint = store(from);
  const abort = new AbortController();
  const epochs: EpochRecord[] = [];
  let steps = 0;
  const optimizer: typeof own.optimizer = {
    ...own.optimizer,
    scalars(step, rate) {
      steps = step;
      if (steps === stopAtStep) abort.abort(new Error('stopped'));
      return own.optimizer.scalars(step, rate);
    },
  };
  const context = { checkpoint, signal: abort.signal, epoch: (record: EpochRecord) => epochs.push(record), progress: () => undefined };
  const result = await train({ ...own, optimizer }, context).catch((error: unknown) => {
    if (error instanceof Error && error.message === 'stopped') return undefined;
    throw error;
  });
  return { result, saved: checkpoint.saved, epochs };
}

const bytes = (weights: Weights | undefined): string =>
  weights === undefined ? 'none' : Buffer.from(encodeSafetensors(weights)).toString('base64');
const lastWeights = ({ result }: Outcome): string => bytes([...(result?.kept.values() ?? [])].at(-1));

describe('a training', () => {
  test.each(['float32', 'bfloat16'] as const)('in %s learns, and is the same to the bit when repeated', async (precision) => {
    const own = options({ epochs: 6, precision });
    const [first, second] = [await trained(own), await trained(own)];
    expect(first.result?.history.at(-1)?.top1).toBeGreaterThan(0.8);
    expect(lastWeights(second)).toBe(lastWeights(first));
    expect(second.result?.history).toEqual(first.result?.history);
  });

  test.each([
    ['in the middle of an epoch', 8],
    ['at the end of an epoch', 5],
    ['after its first step', 1],
  ])('that was stopped %s goes on to the same bits', async (_when, step) => {
    const whole = await trained(options());
    const part = await trained(options(), undefined, step);
    expect(part.result).toBeUndefined();
    const rest = await trained(options(), part.saved.at(-1));
    expect(lastWeights(rest)).toBe(lastWeights(whole));
    expect(rest.epochs).toEqual(whole.epochs);
  });

  test('in bfloat16 goes on to the same bits, which are not those of float32', async () => {
    const low = options({ precision: 'bfloat16' });
    const whole = await trained(low);
    const part = await trained(low, undefined, 8);
    expect(lastWeights(await trained(low, part.saved.at(-1)))).toBe(lastWeights(whole));
    expect(lastWeights(whole)).not.toBe(lastWeights(await trained(options())));
  });

  test('of MobileNetV3-small in bfloat16 begins with nearly the losses of float32', () => {
    const network = mobileNetV3Small({ classes: 4, channels: 3, stemStride: 2 });
    const [size, batch] = [96, 32];
    const images = Uint8Array.from({ length: batch * size * size * 3 }, (_, index) => (index * 7919 + (index >> 3) * 31) & 255);
    const labels = Float32Array.from({ length: batch * 4 }, (_, index) => Number(index % 4 === (index >> 2) % 4));
    const losses = (['float32', 'bfloat16'] as const).map((precision) => {
      const trainer = openTrainer(
        {
          network,
          input: { size, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
          classes: 4,
          batch,
          optimizer: adam({ weight_decay: 0 }),
          loss: crossEntropy,
          labelSmoothing: 0,
          movingAverage: 0,
          precision,
          momentum: undefined,
        },
        initialWeights(network, 0),
      );
      const found = [1, 2, 3].map((step) => trainer.step({ images, labels, seed: 0, step, learningRate: 1e-3 }));
      trainer.close();
      return found;
    }) as [number[], number[]];
    expect(losses[1]).not.toEqual(losses[0]);
    expect(relativeError(losses[1], losses[0])).toBeLessThan(0.01);
  });

  test('with a moving average keeps that, and goes on to the same bits', async () => {
    const averaged = options({ moving_average: 0.9 });
    const whole = await trained(averaged);
    const part = await trained(averaged, undefined, 8);
    expect(lastWeights(await trained(averaged, part.saved.at(-1)))).toBe(lastWeights(whole));
    expect(lastWeights(whole)).not.toBe(lastWeights(await trained(options())));
  });

  test('with a teacher in its graph learns, depends on it, and goes on to the same bits', async () => {
    const small = smallModel();
    const teachers = [{ ...small, input: { ...small.input, size: 7 } }];
    const taught = options({ teachers });
    const whole = await trained(taught);
    expect(lastWeights(await trained(taught))).toBe(lastWeights(whole));
    const part = await trained(taught, undefined, 8);
    expect(lastWeights(await trained(taught, part.saved.at(-1)))).toBe(lastWeights(whole));
    expect(lastWeights(await trained(options({ teachers: [small] })))).not.toBe(lastWeights(whole));
    const low = await trained(options({ teachers, precision: 'bfloat16', moving_average: 0.9 }));
    expect(relativeError([low.result?.history[0]?.loss ?? 0], [whole.result?.history[0]?.loss ?? 1])).toBeLessThan(0.1);
  });

  test('another seed gives other weights', async () => {
    expect(lastWeights(await trained(options({ epochs: 1 })))).not.toBe(lastWeights(await trained(options({ epochs: 1, seed: 12 }))));
  });

  test('with a budget stops early, and a larger budget goes on to the bits of the whole', async () => {
    const whole = await trained(options());
    const part = await trained(options({ stopAfter: 2 }));
    expect(part.result?.history).toEqual(whole.result?.history.slice(0, 2));
    expect(lastWeights(await trained(options(), part.saved.at(-1)))).toBe(lastWeights(whole));
    const shorter = await trained(options({ stopAfter: 1 }), part.saved.at(-1));
    expect(shorter.result?.history).toEqual(whole.result?.history.slice(0, 1));
  });

  test('keeps the best epoch, or every one, over a restart too', async () => {
    const best = await trained(options({ choose_by: 'top1', epochs: 4 }));
    const tops = best.result?.history.map(({ top1 }) => top1 ?? 0) ?? [];
    expect([...(best.result?.kept.keys() ?? [])]).toEqual([tops.lastIndexOf(Math.max(...tops)) + 1]);
    const part = await trained(options({ keep: 'every' }), undefined, 7);
    const rest = await trained(options({ keep: 'every' }), part.saved.at(-1));
    const every = await trained(options({ keep: 'every' }));
    expect([...(rest.result?.kept.keys() ?? [])]).toEqual([1, 2, 3]);
    expect([...(rest.result?.kept.values() ?? [])].map(bytes)).toEqual([...(every.result?.kept.values() ?? [])].map(bytes));
  });

  test.each(['macro_f1', 'balanced_accuracy', 'loss'] as const)('keeps the best epoch by %s', async (measure) => {
    const { result } = await trained(options({ choose_by: measure, epochs: 4 }));
    const of = (record: EpochRecord): number => (measure === 'loss' ? -(record.held_out_loss ?? 0) : (record[measure] ?? 0));
    const values = result?.history.map(of) ?? [];
    expect([...(result?.kept.keys() ?? [])]).toEqual([values.lastIndexOf(Math.max(...values)) + 1]);
  });

  test('notes of each epoch what the kept weights answer, over a restart too', async () => {
    const own = options({ choose_by: 'top1', epochs: 4 });
    const part = await trained(own, undefined, 12);
    const { result } = await trained(own, part.saved.at(-1));
    const [[epoch, weights] = [0, undefined]] = [...(result?.kept ?? [])];
    const predictor = openPredictor({ ...smallModel(), weights: weights ?? new Map() }, 16);
    const logits = predictor.logits(own.source.images, own.heldOut);
    const scores = scoresOf(logits, own.source.images, own.heldOut);
    const probabilities = softmax(logits, 4);
    const loss = own.heldOut.map((image, place) => -Math.log(probabilities[4 * place + (own.source.images.labels[image] ?? 0)] ?? 0));
    predictor.close();
    expect(result?.predicted).toEqual(scores.predicted);
    const record = result?.history[epoch - 1];
    expect(record).toMatchObject({
      epoch,
      top1: scores.top1,
      top5: 1,
      macro_f1: scores.macroF1,
      balanced_accuracy: scores.balancedAccuracy,
    });
    expect(record?.held_out_loss).toBeCloseTo(loss.reduce((sum, own) => sum + own, 0) / loss.length, 5);
    expect(result?.history.map(({ learning_rate }) => learning_rate)).toEqual(
      [4, 9, 14, 19].map((step) => learningRateAt(own.learningRate, { step, steps: 20, perEpoch: 5 })),
    );
    const scored = ['top1', 'top5', 'macro_f1', 'balanced_accuracy', 'held_out_loss'];
    expect(Object.keys(record ?? {})).toEqual(['epoch', 'loss', 'learning_rate', ...scored]);
  });

  test('ends when its patience does, as it would have gone on until then, over a restart and with a budget too', async () => {
    const whole = await trained(options({ epochs: 8 }));
    const tops = whole.result?.history.map(({ top1 }) => top1 ?? 0) ?? [];
    const end = tops.findIndex((top, epoch) => epoch > 0 && top <= Math.max(...tops.slice(0, epoch))) + 1;
    expect(end).toBeGreaterThan(1);
    expect(end).toBeLessThan(8);
    const impatient = await trained(options({ epochs: 8, patience: 1 }));
    expect(impatient.result?.history).toEqual(whole.result?.history.slice(0, end));
    const part = await trained(options({ epochs: 8, patience: 1 }), undefined, 5 * end - 2);
    expect(lastWeights(await trained(options({ epochs: 8, patience: 1 }), part.saved.at(-1)))).toBe(lastWeights(impatient));
    expect(lastWeights(await trained(options({ epochs: 8, patience: 1 }), impatient.saved.at(-1)))).toBe(lastWeights(impatient));
    const budget = await trained(options({ epochs: 8, patience: 1, stopAfter: end - 1 }));
    expect(budget.result?.history).toHaveLength(end - 1);
    expect(lastWeights(await trained(options({ epochs: 8, patience: 1 }), budget.saved.at(-1)))).toBe(lastWeights(impatient));
  });

  test('that stands still ends after as many epochs as its patience', async () => {
    const { result } = await trained(options({ epochs: 6, patience: 2, lr: 1e-12, batch_norm_momentum: 1e-9, choose_by: 'top1' }));
    expect(result?.history).toHaveLength(3);
    expect([...(result?.kept.keys() ?? [])]).toEqual([3]);
  });

  test('does not go on from a checkpoint of another format', async () => {
    const { saved } = await trained(options({ epochs: 1 }));
    const file = join(saved[0] ?? '', 'progress.json');
    expect(readState(saved[0])?.step).toBe(5);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"format":\d+/, '"format":1'));
    expect(readState(saved[0])).toBeUndefined();
  });

  test('leaves no tensors behind', async () => {
    await trained(options({ epochs: 1 }));
    const before = heldTensors();
    await trained(options({ epochs: 2 }));
    expect(heldTensors()).toBe(before);
  });
});

describe('a training that runs away', () => {
  const failure = (own: TrainingOptions): Promise<unknown> => trained(own).catch((error: unknown) => error);

  test.each([
    ['is no number', 1e30, /^DivergedError: The loss became (NaN|Infinity) at step \d+ \(epoch 1\)\.$/],
    [
      'is a number still, but explodes',
      1e6,
      /^DivergedError: The loss exploded to \S+ at step \d+ \(epoch 1\); that of the first step was \d/,
    ],
  ])('stops and names the step when the loss %s', async (_what, lr, message) => {
    expect(String(await failure(options({ lr })))).toMatch(message);
  });

  test('stops at the end of the epoch when weights are no numbers, though the last loss was one', async () => {
    const own = options();
    const scalars: typeof own.optimizer.scalars = (step, rate) => own.optimizer.scalars(step, step === 10 ? Number.NaN : rate);
    const optimizer = { ...own.optimizer, scalars };
    for (const heldOut of [own.heldOut, []]) {
      const error = await failure({ ...own, heldOut, optimizer });
      expect(error).toBeInstanceOf(DivergedError);
      expect(String(error)).toMatch(/The values of \S+ are no longer numbers at step 10 \(epoch 2\)/);
    }
  });

  test('stops when answers are no numbers, though the weights are', () => {
    const place = { step: 10, epoch: 2 };
    expect(() => checkAnswers(Float32Array.of(1, Number.POSITIVE_INFINITY), place)).toThrow('no longer numbers at step 10 (epoch 2)');
    expect(() => checkAnswers(Float32Array.of(1, -2), place)).not.toThrow();
  });
});
