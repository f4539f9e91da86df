import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { centrePlacement, placeImage, randomPlacement } from '../../src/nn/augment/place.ts';
import cutmix from '../../src/nn/mixing/cutmix.ts';
import none from '../../src/nn/mixing/none.ts';
import { randomFor } from '../../src/nn/random.ts';
import { balanced } from '../../src/nn/sampling/balanced.ts';
import { shuffled } from '../../src/nn/sampling/shuffled.ts';
import { batchMaker, evaluationBatches, stepsPerEpoch } from '../../src/nn/training/batches.ts';
import { quarterImages } from './rig.ts';

const sum = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((a, b) => a + b, 0);

describe('sampling', () => {
  const pools = fc.record({
    labels: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 60 }),
    extra: fc.nat({ max: 40 }),
    seed: fc.integer(),
  });

  test('shuffled draws every image once before any comes again', () => {
    fc.assert(
      fc.property(pools, ({ labels, extra, seed }) => {
        const indices = labels.map((_, index) => index);
        const drawn = shuffled({ indices, labels: Uint16Array.from(labels) }, labels.length + extra, randomFor(seed));
        expect(drawn).toHaveLength(labels.length + extra);
        expect([...drawn.slice(0, labels.length)].sort((a, b) => a - b)).toEqual(indices);
      }),
    );
  });

  test('balanced draws every class equally often, ±1, and evenly within a class', () => {
    fc.assert(
      fc.property(pools, ({ labels, extra, seed }) => {
        const indices = labels.map((_, index) => index);
        const drawn = balanced({ indices, labels: Uint16Array.from(labels) }, labels.length + extra, randomFor(seed));
        const count = (items: readonly number[], item: number): number => items.filter((own) => own === item).length;
        const drawnLabels = drawn.map((index) => labels[index] as number);
        const classes = [...new Set(labels)].map((label) => count(drawnLabels, label));
        expect(Math.max(...classes) - Math.min(...classes)).toBeLessThanOrEqual(1);
        for (const label of new Set(labels)) {
          const images = indices.filter((index) => labels[index] === label).map((index) => count(drawn, index));
          expect(Math.max(...images) - Math.min(...images)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('random numbers', () => {
  test('are decided by all coordinates', () => {
    const first = (...coordinates: number[]): number => randomFor(...coordinates).uniform();
    expect(first(1, 2, 3)).toBe(first(1, 2, 3));
    const others = [first(1, 2, 3), first(1, 2, 4), first(1, 3, 2), first(2, 1, 3), first(1, 2), first(1 + 2 ** 40, 2, 3)];
    expect(new Set(others).size).toBe(others.length);
  });
});

describe('placing', () => {
  const extent = { height: 5, width: 6, channels: 2 };
  const source = Uint8Array.from({ length: 60 }, (_, index) => index + 1);

  test('shows the pixels of the crop, mirrored if told, and black outside', () => {
    const cases = fc.record({ top: fc.integer({ min: -3, max: 4 }), left: fc.integer({ min: -3, max: 5 }), flip: fc.boolean() });
    fc.assert(
      fc.property(cases, ({ top, left, flip }) => {
        const target = new Uint8Array(4 * 4 * 2).fill(99);
        placeImage(source, extent, { top, left, flip }, 4, target);
        for (let place = 0; place < target.length; place++) {
          const [row, column, channel] = [Math.floor(place / 8), Math.floor(place / 2) % 4, place % 2];
          const [y, x] = [row + top, (flip ? 3 - column : column) + left];
          const inside = y >= 0 && y < 5 && x >= 0 && x < 6;
          expect(target[place]).toBe(inside ? source[(y * 6 + x) * 2 + channel] : 0);
        }
      }),
    );
  });

  test('a random crop reaches every place within the padding', () => {
    const random = randomFor(1);
    const seen = Array.from({ length: 500 }, () => randomPlacement(extent, 4, { padding: 1, flip: true }, random));
    expect([...new Set(seen.map(({ top }) => top))].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    expect([...new Set(seen.map(({ left }) => left))].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3]);
    expect(new Set(seen.map(({ flip }) => flip)).size).toBe(2);
    expect(centrePlacement(extent, 4)).toEqual({ top: 0, left: 1, flip: false });
  });
});

describe('CutMix', () => {
  test('keeps labels probabilities and mixes them by the area it replaced', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, size) => {
        const [height, width, channels, classes] = [6, 5, 2, 6];
        const images = new Uint8Array(size * height * width * channels);
        const labels = new Float32Array(size * classes);
        for (let image = 0; image < size; image++) {
          images.fill(image + 1, image * height * width * channels, (image + 1) * height * width * channels);
          labels[image * classes + image] = 1;
        }
        cutmix({ size, height, width, channels, classes, images, labels }, randomFor(seed));
        for (let image = 0; image < size; image++) {
          const row = labels.subarray(image * classes, (image + 1) * classes);
          const pixels = images.subarray(image * height * width * channels, (image + 1) * height * width * channels);
          expect(sum(row)).toBeCloseTo(1, 5);
          for (let label = 0; label < classes; label++) {
            const share = pixels.filter((value) => value === label + 1).length / pixels.length;
            expect(row[label]).toBeCloseTo(share, 5);
          }
        }
      }),
    );
  });
});

describe('batches', () => {
  const images = quarterImages(21);
  const indices = Array.from({ length: 21 }, (_, index) => index);
  const augmentation = { padding: 0, flip: false };
  const source = { images, indices, batch: 8, size: 8, augmentation, sampler: shuffled, mixing: none, mixingProbability: 0, seed: 5 };

  test('an epoch shows every image and fills up its last batch', () => {
    expect(stepsPerEpoch(source)).toBe(3);
    const make = batchMaker(source);
    const labels = [0, 1, 2].flatMap((step) => Array.from(make(step).labels));
    expect(sum(labels)).toBe(24);
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

  test('of an evaluation hold every image once', () => {
    const batches = [...evaluationBatches(images, indices, 12, 8)].map((bytes) => bytes.length);
    expect(batches).toEqual([8 * 144, 8 * 144, 8 * 144]);
  });

  test('larger than the stored images are refused', () => {
    expect(() => batchMaker({ ...source, size: 13 })).toThrow('12 × 12 pixels, which is less than the size 13');
  });
});
