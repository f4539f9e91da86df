import { describe, expect, test } from 'vitest';
import none from '../../src/nn/mixing/none.ts';
import { randomFor } from '../../src/nn/random.ts';
import balanced from '../../src/nn/samplers/balanced.ts';
import balancedDown from '../../src/nn/samplers/balanced-down.ts';
import balancedUp from '../../src/nn/samplers/balanced-up.ts';
import shuffled from '../../src/nn/samplers/shuffled.ts';
import { batchMaker, evaluationBatches, stepsPerEpoch } from '../../src/nn/training/batches.ts';
import { quarterImages } from './rig.ts';

const sum = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((a, b) => a + b, 0);

describe('random numbers', () => {
  test('are decided by all coordinates', () => {
    const first = (...coordinates: number[]): number => randomFor(...coordinates).uniform();
    expect(first(1, 2, 3)).toBe(first(1, 2, 3));
    const others = [first(1, 2, 3), first(1, 2, 4), first(1, 3, 2), first(2, 1, 3), first(1, 2), first(1 + 2 ** 40, 2, 3)];
    expect(new Set(others).size).toBe(others.length);
  });
});

describe('batches', () => {
  const images = quarterImages(21);
  const indices = Array.from({ length: 21 }, (_, index) => index);
  const augmentation = { padding: 0, flip: false };
  const source = { images, indices, batch: 8, size: 8, augmentation, sampler: shuffled, epochLength: 0, mixing: none, seed: 5 };

  test('an epoch shows every image and fills up its last batch', () => {
    expect(stepsPerEpoch(source)).toBe(3);
    const make = batchMaker(source);
    const labels = [0, 1, 2].flatMap((step) => Array.from(make(step).labels));
    expect(sum(labels)).toBe(24);
  });

  test('an epoch of a given length is that long, rounded up to whole batches, with every sampler', () => {
    expect(stepsPerEpoch({ ...source, epochLength: 8 })).toBe(1);
    expect(stepsPerEpoch({ ...source, epochLength: 41 })).toBe(6);
    for (const sampler of [shuffled, balanced, balancedDown, balancedUp]) {
      const make = batchMaker({ ...source, sampler, epochLength: 41 });
      for (let step = 0; step < 7; step++) expect(sum(make(step).labels)).toBe(8);
    }
  });

  test('depend on nothing but their step', () => {
    const [forward, backward] = [batchMaker(source), batchMaker(source)];
    const inOrder = [0, 1, 2, 3, 4].map((step) => Buffer.from(forward(step).images).toString('hex'));
    const reversed = [4, 3, 2, 1, 0].map((step) => Buffer.from(backward(step).images).toString('hex'));
    expect(reversed.reverse()).toEqual(inOrder);
    expect(new Set(inOrder).size).toBe(5);
  });

  test('take soft labels where they are given', () => {
    const targets = Float32Array.from({ length: 84 }, (_, index) => index);
    const rows = batchMaker({ ...source, targets })(0).labels;
    const firsts = [0, 1, 2, 3, 4, 5, 6, 7].map((place) => rows[place * 4] as number);
    expect(firsts.every((first) => first % 4 === 0)).toBe(true);
    expect(new Set(firsts).size).toBe(8);
  });

  test('take what a teacher says of the same images', () => {
    const rows = Float32Array.from({ length: 84 }, (_, index) => index);
    const { labels, teacher } = batchMaker({ ...source, targets: rows, teacher: rows.map((value) => -value) })(1);
    expect(teacher).toEqual(labels.map((value) => -value));
    expect(batchMaker(source)(1).teacher).toBeUndefined();
  });

  test('of an evaluation hold every image once', () => {
    const batches = [...evaluationBatches(images, indices, 12, 8)].map((bytes) => bytes.length);
    expect(batches).toEqual([8 * 144, 8 * 144, 8 * 144]);
  });

  test('larger than the stored images are refused', () => {
    expect(() => batchMaker({ ...source, size: 13 })).toThrow('12 × 12 pixels, which is less than the size 13');
  });
});
