import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { heldTensors } from '../../src/nn/engine/session.ts';
import cutmix from '../../src/nn/mixing/cutmix.ts';
import adam from '../../src/nn/optimizers/adam.ts';
import type { CheckpointStore, EpochRecord } from '../../src/nn/training/checkpoint.ts';
import type { Recipe } from '../../src/nn/training/recipe.ts';
import { trainingOptions } from '../../src/nn/training/recipe.ts';
import type { TrainingOptions, TrainingResult } from '../../src/nn/training/train.ts';
import { DivergedError, train } from '../../src/nn/training/train.ts';
import { encodeSafetensors } from '../../src/nn/weights/safetensors.ts';
import type { Weights } from '../../src/nn/weights/tensor.ts';
import { quarterImages, smallModel } from './rig.ts';

const recipe: Recipe = {
  batch: 16,
  epochs: 3,
  seed: 11,
  lr: 0.01,
  warm_up: 0.1,
  weight_decay: 0.01,
  label_smoothing: 0.05,
  batch_norm_momentum: 0.1,
  sampling: 'balanced',
  mixing_probability: 0.5,
  crop_padding: 1,
  flip: false,
};

/** 100 images, of which the last 20 are held out: 5 steps an epoch. */
function options(changes: Partial<Recipe> & Pick<Partial<TrainingOptions>, 'keep' | 'stopAfter'> = {}): TrainingOptions {
  const images = quarterImages(100);
  const indices = Array.from({ length: 100 }, (_, index) => index);
  const { keep = 'last', stopAfter, ...changed } = changes;
  const own = { ...recipe, ...changed };
  const task = {
    model: smallModel(),
    images,
    training: indices.slice(0, 80),
    heldOut: indices.slice(80),
    keep,
    stopAfter: stopAfter ?? own.epochs,
  };
  return trainingOptions(own, { optimizer: adam, mixing: cutmix }, task);
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
  const watched = { ...own, source: { ...own.source, sampler: own.source.sampler } };
  const makeOptimizer: typeof own.makeOptimizer = (given) => {
    const optimizer = own.makeOptimizer(given);
    return {
      ...optimizer,
      scalars(step, rate) {
        steps = step;
        if (steps === stopAtStep) abort.abort(new Error('stopped'));
        return optimizer.scalars(step, rate);
      },
    };
  };
  const context = { checkpoint, signal: abort.signal, epoch: (record: EpochRecord) => epochs.push(record), progress: () => undefined };
  const result = await train({ ...watched, makeOptimizer }, context).catch((error: unknown) => {
    if (error instanceof Error && error.message === 'stopped') return undefined;
    throw error;
  });
  return { result, saved: checkpoint.saved, epochs };
}

const bytes = (weights: Weights | undefined): string =>
  weights === undefined ? 'none' : Buffer.from(encodeSafetensors(weights)).toString('base64');
const lastWeights = ({ result }: Outcome): string => bytes([...(result?.kept.values() ?? [])].at(-1));

describe('a training', () => {
  test('learns, and is the same to the bit when repeated', async () => {
    const [first, second] = [await trained(options({ epochs: 6 })), await trained(options({ epochs: 6 }))];
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
    const best = await trained(options({ keep: 'best', epochs: 4 }));
    const tops = best.result?.history.map(({ top1 }) => top1 ?? 0) ?? [];
    expect([...(best.result?.kept.keys() ?? [])]).toEqual([tops.lastIndexOf(Math.max(...tops)) + 1]);
    const part = await trained(options({ keep: 'every' }), undefined, 7);
    const rest = await trained(options({ keep: 'every' }), part.saved.at(-1));
    const every = await trained(options({ keep: 'every' }));
    expect([...(rest.result?.kept.keys() ?? [])]).toEqual([1, 2, 3]);
    expect([...(rest.result?.kept.values() ?? [])].map(bytes)).toEqual([...(every.result?.kept.values() ?? [])].map(bytes));
  });

  test('that diverges stops and names the step', async () => {
    const failure = await trained(options({ lr: 1e30 })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DivergedError);
    expect(String(failure)).toMatch(/at step \d+ \(epoch 1\)/);
  });

  test('leaves no tensors behind', async () => {
    await trained(options({ epochs: 1 }));
    const before = heldTensors();
    await trained(options({ epochs: 2 }));
    expect(heldTensors()).toBe(before);
  });
});
