import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { centrePlacement, placeImage, randomPlacement } from '../../src/nn/images/place.ts';
import type { Images } from '../../src/nn/data/dataset.ts';
import none from '../../src/nn/mixing/none.ts';
import { randomFor } from '../../src/nn/random.ts';
import shuffled from '../../src/nn/samplers/shuffled.ts';
import { batchMaker, evaluationBatches } from '../../src/nn/training/batches.ts';

describe('placing', () => {
  const [height, width] = [5, 6];

  test('shows the pixels of the crop, mirrored if told, and black outside', () => {
    const cases = fc.record({
      top: fc.integer({ min: -5, max: 6 }),
      left: fc.integer({ min: -5, max: 7 }),
      flip: fc.boolean(),
      channels: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(cases, ({ top, left, flip, channels }) => {
        const source = Uint8Array.from({ length: height * width * channels }, (_, index) => index + 1);
        const target = new Uint8Array(4 * 4 * channels).fill(199);
        placeImage(source, { height, width, channels }, { top, left, flip }, 4, target);
        for (let place = 0; place < target.length; place++) {
          const [pixel, channel] = [Math.floor(place / channels), place % channels];
          const [y, x] = [Math.floor(pixel / 4) + top, (flip ? 3 - (pixel % 4) : pixel % 4) + left];
          const inside = y >= 0 && y < height && x >= 0 && x < width;
          expect(target[place]).toBe(inside ? source[(y * width + x) * channels + channel] : 0);
        }
      }),
    );
  });

  test('a random crop reaches every place within the padding', () => {
    const [random, extent] = [randomFor(1), { height, width, channels: 2 }];
    const seen = Array.from({ length: 500 }, () => randomPlacement(extent, 4, { padding: 1, flip: true }, random));
    expect([...new Set(seen.map(({ top }) => top))].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    expect([...new Set(seen.map(({ left }) => left))].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3]);
    expect(new Set(seen.map(({ flip }) => flip)).size).toBe(2);
    expect(centrePlacement(extent, 4)).toEqual({ top: 0, left: 1, flip: false });
  });

  test('of 256 pixels stored, training shows 224 from anywhere, mirrored or not, and evaluation those in the middle', () => {
    const info = {
      format: 1,
      count: 2,
      height: 256,
      width: 256,
      channels: 1,
      classes: ['rows', 'columns'],
      mean: [0.5],
      std: [0.5],
    } as const;
    const images: Images = {
      info,
      labels: Uint16Array.of(0, 1),
      read(index, target) {
        for (let pixel = 0; pixel < 256 * 256; pixel++) target[pixel] = index === 0 ? pixel >> 8 : pixel & 255;
      },
    };
    const mixing = { mixing: none, mixingOptions: { alpha: 1, grid: { from: 1, to: 1, ratio: 1, rotate: 0 } }, mixingProbability: 0 };
    const training = { images, indices: [0, 1], batch: 2, size: 224, sampler: shuffled, epochLength: 0, seed: 3, ...mixing };
    const make = batchMaker({ ...training, augmentation: { padding: 0, flip: true } });
    const [tops, lefts] = [new Set<number>(), new Set<number>()];
    let mirrored = 0;
    for (let step = 0; step < 300; step++) {
      const { images: pixels, labels } = make(step);
      for (const place of [0, 1]) {
        const [first, last] = [pixels[place * 224 * 224] as number, pixels[(place + 1) * 224 * 224 - 1] as number];
        expect(Math.abs(last - first)).toBe(223);
        if (last < first) mirrored++;
        (labels[2 * place] === 1 ? tops : lefts).add(Math.min(first, last));
      }
    }
    const everywhere = Array.from({ length: 33 }, (_, offset) => offset);
    expect([...tops].sort((a, b) => a - b)).toEqual(everywhere);
    expect([...lefts].sort((a, b) => a - b)).toEqual(everywhere);
    expect(mirrored).toBeGreaterThan(100);
    expect(mirrored).toBeLessThan(200);
    const [batch] = [...evaluationBatches(images, [0, 1], 224, 2)] as [Uint8Array];
    expect([batch[0], batch[224 * 224 - 1], batch[224 * 224], batch.at(-1)]).toEqual([16, 239, 16, 239]);
  });
});
