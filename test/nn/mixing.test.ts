import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { symmetricBeta } from '../../src/nn/mixing/parts/beta.ts';
import type { Batch, Mixing } from '../../src/nn/mixing/parts/mixing.ts';
import cutmix from '../../src/nn/mixing/cutmix.ts';
import gridmask from '../../src/nn/mixing/gridmask.ts';
import mixup from '../../src/nn/mixing/mixup.ts';
import none from '../../src/nn/mixing/none.ts';
import { randomFor } from '../../src/nn/random.ts';

const sum = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((a, b) => a + b, 0);
/** The mixings, as they mix every batch. */
const cutmixOf = (alpha: number): Mixing => cutmix({ probability: 1, alpha });
const mixupOf = (alpha: number): Mixing => mixup({ probability: 1, alpha });
const gridmaskOf = (grid: Partial<Parameters<typeof gridmask>[0]> = {}): Mixing =>
  gridmask({ probability: 1, from: 0.4, to: 1, ratio: 0.6, rotate: 90, ...grid });

/** A batch whose `index`-th image is of class `index` and whose teacher is never sure; bytes come from `paint`. */
function batchOf(shape: Pick<Batch, 'size' | 'height' | 'width' | 'channels'>, paint: (image: number, place: number) => number): Batch {
  const { size, height, width, channels } = shape;
  const area = height * width * channels;
  const labels = new Float32Array(size * size);
  const teacher = new Float32Array(size * size);
  for (let image = 0; image < size; image++) {
    labels[image * size + image] = 1;
    for (let label = 0; label < size; label++) teacher[image * size + label] = (image === label ? 1 : 0) * 0.5 + 0.5 / size;
  }
  const images = new Uint8Array(size * area);
  for (let index = 0; index < images.length; index++) images[index] = paint(Math.floor(index / area), index % area);
  return { ...shape, classes: size, images, labels, teacher, mean: new Array<number>(channels).fill(7) };
}

/** How much of image `image` is its own and which other image it was mixed with; itself if with none. */
function mixOf({ labels, classes }: Batch, image: number): { own: number; partner: number } {
  const row = labels.subarray(image * classes, (image + 1) * classes);
  const partner = row.findIndex((share, label) => share > 0 && label !== image);
  return { own: row[image] as number, partner: partner < 0 ? image : partner };
}

/** The share that the images of a batch keep of themselves: the same for all but those that are their own partners. */
const ownShare = (batch: Batch): number => Math.min(...Array.from({ length: batch.size }, (_, image) => mixOf(batch, image).own));

const noise = (image: number, place: number): number => (image * 7919 + place * 104729 + ((image * place) % 251) * 31) % 256;

describe('the beta distribution', () => {
  /** The largest distance between the cumulative distribution of draws and the one expected. */
  function distance(alpha: number, cumulative: (value: number) => number): number {
    const random = randomFor(3);
    const draws = Array.from({ length: 20_000 }, () => symmetricBeta(alpha, random)).sort((a, b) => a - b);
    return Math.max(...draws.map((value, index) => Math.abs(cumulative(value) - (index + 0.5) / draws.length)));
  }

  test('is even for 1, an arcsine for 1/2 and a parabola for 2', () => {
    expect(distance(1, (value) => value)).toBeLessThan(0.012);
    expect(distance(0.5, (value) => (2 / Math.PI) * Math.asin(Math.sqrt(value)))).toBeLessThan(0.012);
    expect(distance(2, (value) => 3 * value ** 2 - 2 * value ** 3)).toBeLessThan(0.012);
  });

  test('has its mean and variance, also where nearly all draws are 0 or 1, or all are a half', () => {
    for (const alpha of [0.001, 0.1, 0.4, 1, 3, 8, 1000]) {
      const random = randomFor(4);
      const draws = Array.from({ length: 20_000 }, () => symmetricBeta(alpha, random));
      const variance = 1 / (4 * (2 * alpha + 1));
      expect(draws.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(Math.abs(sum(draws) / draws.length - 0.5)).toBeLessThan(4 * Math.sqrt(variance / draws.length));
      expect(sum(draws.map((value) => (value - 0.5) ** 2)) / draws.length / variance).toBeCloseTo(1, 1);
    }
  });

  test('of 0 is refused', () => {
    expect(() => symmetricBeta(0, randomFor(1))).toThrow('an alpha above 0, not 0');
  });
});

describe('every mixing', () => {
  const mixings: Record<string, Mixing> = { cutmix: cutmixOf(1), gridmask: gridmaskOf(), mixup: mixupOf(1), none };

  test.each(Object.entries(mixings))('%s keeps labels probabilities and mixes the teacher’s like them', (_, mixing) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 9 }), (seed, size) => {
        const batch = batchOf({ size, height: 6, width: 5, channels: 2 }, noise);
        mixing(batch, randomFor(seed));
        for (let image = 0; image < size; image++) {
          expect(sum(batch.labels.subarray(image * size, (image + 1) * size))).toBeCloseTo(1, 6);
          for (let label = 0; label < size; label++) {
            const [own, taught] = [batch.labels[image * size + label] as number, batch.teacher?.[image * size + label] as number];
            expect(taught).toBeCloseTo(0.5 * own + 0.5 / size, 6);
          }
        }
      }),
    );
  });

  test.each(Object.entries(mixings))('%s is decided by its random numbers, and does without a teacher', (_, mixing) => {
    const mixed = [1, 1, 2].map((seed) => {
      const { teacher: _, ...batch } = batchOf({ size: 5, height: 8, width: 8, channels: 3 }, noise);
      mixing(batch, randomFor(seed));
      return Buffer.from(batch.images).toString('hex');
    });
    expect(mixed[0]).toBe(mixed[1]);
    expect(mixed[0] === mixed[2]).toBe(mixing === none);
  });
});

describe('CutMix', () => {
  test('mixes labels by the area of the box that it pasted in its place', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, size) => {
        const shape = { size, height: 6, width: 5, channels: 2 };
        const [batch, before] = [batchOf(shape, noise), batchOf(shape, noise)];
        cutmixOf(1)(batch, randomFor(seed));
        for (let image = 0; image < size; image++) {
          const { own, partner } = mixOf(batch, image);
          const foreign: number[] = [];
          for (let pixel = 0; pixel < 30; pixel++) {
            const [at, from] = [(image * 30 + pixel) * 2, (partner * 30 + pixel) * 2];
            if (batch.images[at] !== before.images[at] || batch.images[at + 1] !== before.images[at + 1]) {
              foreign.push(pixel);
              expect([batch.images[at], batch.images[at + 1]]).toEqual([before.images[from], before.images[from + 1]]);
            }
          }
          const extent = (numbers: number[]): number => (numbers.length === 0 ? 0 : Math.max(...numbers) - Math.min(...numbers) + 1);
          const box = extent(foreign.map((pixel) => Math.floor(pixel / 5))) * extent(foreign.map((pixel) => pixel % 5));
          expect(foreign).toHaveLength(box);
          expect(1 - own).toBeCloseTo(box / 30, 6);
        }
      }),
    );
  });

  test('draws boxes of 1 − λ of the area anywhere, cut off at the edges', () => {
    const shares = (alpha: number): number[] =>
      Array.from({ length: 2000 }, (_, seed) => {
        const batch = batchOf({ size: 6, height: 64, width: 64, channels: 1 }, () => 0);
        cutmixOf(alpha)(batch, randomFor(9, seed));
        return 1 - ownShare(batch);
      });
    const even = shares(1);
    // E[area] of a box of even area A and even centre: ∫ (s − s² / 4)² dA with s = √A is 0.3208
    expect(sum(even) / even.length).toBeCloseTo(0.3208, 1.7);
    const halves = shares(1e6);
    expect(Math.max(...halves)).toBeCloseTo((2 * Math.floor(32 * Math.SQRT1_2)) ** 2 / 64 ** 2, 6);
    expect(Math.min(...halves)).toBeLessThan(0.2);
  });
});

describe('Mixup', () => {
  test('makes every byte the rounded sum by the shares that the labels have, one share for the whole batch', () => {
    const shapes = fc.record({
      size: fc.integer({ min: 1, max: 7 }),
      height: fc.integer({ min: 1, max: 5 }),
      width: fc.integer({ min: 1, max: 5 }),
      channels: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.integer(), shapes, fc.constantFrom(0.1, 1, 5), (seed, shape, alpha) => {
        const [batch, before] = [batchOf(shape, noise), batchOf(shape, noise)];
        mixupOf(alpha)(batch, randomFor(seed));
        const area = shape.height * shape.width * shape.channels;
        for (let image = 0; image < shape.size; image++) {
          const { own, partner } = mixOf(batch, image);
          if (partner !== image) expect(own).toBe(ownShare(batch));
          for (let place = 0; place < area; place++) {
            const exact =
              own * (before.images[image * area + place] as number) + (1 - own) * (before.images[partner * area + place] as number);
            expect(batch.images[image * area + place]).toBe(Math.floor(exact + 0.5));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test('draws its shares from the beta distribution', () => {
    for (const alpha of [0.3, 1, 4]) {
      const shares = Array.from({ length: 4000 }, (_, seed) => {
        const batch = batchOf({ size: 6, height: 1, width: 1, channels: 1 }, () => 0);
        mixupOf(alpha)(batch, randomFor(2, seed));
        return ownShare(batch);
      });
      expect(sum(shares) / shares.length).toBeCloseTo(0.5, 1.5);
      expect((sum(shares.map((own) => (own - 0.5) ** 2)) / shares.length) * 4 * (2 * alpha + 1)).toBeCloseTo(1, 1);
    }
  });
});

describe('GridMask', () => {
  const [height, width] = [48, 40];
  const white = (size: number, channels = 1): Batch => batchOf({ size, height, width, channels }, () => 255);
  const masked = ({ images }: Batch): number => {
    let count = 0;
    for (const value of images) if (value === 7) count++;
    return count / images.length;
  };

  test('masks (1 − ratio)² of the pixels on average, at every angle, and nothing else', () => {
    for (const rotate of [0, 30, 360]) {
      for (const ratio of [0.25, 0.6]) {
        const batch = white(2000);
        gridmaskOf({ from: 0.2, to: 0.9, ratio, rotate })(batch, randomFor(rotate, 1));
        expect(batch.images.every((value) => value === 7 || value === 255)).toBe(true);
        expect(Math.abs(masked(batch) - (1 - ratio) ** 2)).toBeLessThan(0.012);
      }
    }
  });

  test('masks all of an image for a ratio of 0 and nothing for 1', () => {
    for (const rotate of [0, 90]) {
      const [all, nothing] = [white(20, 3), white(20, 3)];
      gridmaskOf({ ratio: 0, rotate })(all, randomFor(1));
      gridmaskOf({ ratio: 1, rotate })(nothing, randomFor(1));
      expect([masked(all), masked(nothing)]).toEqual([1, 0]);
    }
  });

  test('gives masked pixels the mean colour, all channels together, and never touches labels', () => {
    const batch = { ...white(30, 3), mean: [9, 8, 7] };
    const [labels, teacher] = [batch.labels.slice(), batch.teacher?.slice()];
    gridmaskOf()(batch, randomFor(8));
    const colours = new Set<string>();
    for (let pixel = 0; pixel < batch.images.length; pixel += 3) colours.add(batch.images.subarray(pixel, pixel + 3).join(' '));
    expect([...colours].sort()).toEqual(['255 255 255', '9 8 7']);
    expect(batch.labels).toEqual(labels);
    expect(batch.teacher).toEqual(teacher);
  });

  test('without rotation masks whole rows of columns that repeat at the grid’s distance', () => {
    const batch = white(50);
    gridmaskOf({ from: 0.2, to: 0.2, ratio: 0.5, rotate: 0 })(batch, randomFor(5));
    const offsets = new Set<string>();
    for (let image = 0; image < batch.size; image++) {
      const at = (row: number, column: number): boolean => batch.images[(image * height + row) * width + column] === 7;
      const rows = Array.from({ length: height }, (_, row) => Array.from({ length: width }, (_, column) => at(row, column)).includes(true));
      const columns = Array.from({ length: width }, (_, column) =>
        Array.from({ length: height }, (_, row) => at(row, column)).includes(true),
      );
      expect([rows.filter(Boolean).length, columns.filter(Boolean).length]).toEqual([24, 20]);
      const expected = rows.flatMap((inRow) => columns.map((inColumn) => inRow && inColumn));
      expect(Array.from({ length: height * width }, (_, pixel) => at(Math.floor(pixel / width), pixel % width))).toEqual(expected);
      expect(rows.slice(8)).toEqual(rows.slice(0, -8));
      expect(columns.slice(8)).toEqual(columns.slice(0, -8));
      offsets.add(`${rows.indexOf(true)} ${columns.indexOf(true)}`);
    }
    expect(offsets.size).toBeGreaterThan(10);
  });

  test('masks squares, turned up to the angle that it is given', () => {
    const [size, side] = [20, 96];
    const batch = batchOf({ size, height: side, width: side, channels: 1 }, () => 255);
    gridmaskOf({ from: 1 / 3, to: 1 / 3, ratio: 0.5, rotate: 45 })(batch, randomFor(6));
    const spans = Array.from({ length: size }, (_, image) => {
      const square = largestPatch(batch.images.subarray(image * side * side, (image + 1) * side * side), side);
      expect(square.length).toBeGreaterThan(16 ** 2 - 30);
      expect(square.length).toBeLessThan(16 ** 2 + 30);
      const columns = square.map((pixel) => pixel % side);
      return Math.max(...columns) - Math.min(...columns) + 1;
    });
    expect(Math.max(...spans)).toBeLessThanOrEqual(Math.ceil(16 * Math.SQRT2) + 1);
    expect(Math.max(...spans)).toBeGreaterThan(20);
    expect(Math.min(...spans)).toBeLessThan(19);
  });
});

/** The pixels of the largest connected patch of masked pixels. */
function largestPatch(pixels: Uint8Array, side: number): number[] {
  const left = new Set([...pixels.keys()].filter((pixel) => pixels[pixel] === 7));
  let largest: number[] = [];
  for (const start of [...left]) {
    const patch = left.delete(start) ? [start] : [];
    for (const pixel of patch) {
      const beside = [
        pixel - side,
        pixel + side,
        ...(pixel % side > 0 ? [pixel - 1] : []),
        ...(pixel % side < side - 1 ? [pixel + 1] : []),
      ];
      for (const next of beside) if (left.delete(next)) patch.push(next);
    }
    if (patch.length > largest.length) largest = patch;
  }
  return largest;
}
