import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cropCentre, decodeImage, encodeOnnx, openOnnxOfPictures, openSavedModelOfPictures, writeSavedModel } from 'stillroom/nn';
import type { Model, Network, PictureClassifier, Pixels, Preparation } from 'stillroom/nn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { madePicture } from './rig.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillroom-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const [stored, size, channels] = [14, 11, 3] as const;
const numbers = size * size * channels;

/** A model whose logits are the numbers that it is given, in their order in the graph. */
function mirror(): Model {
  const network: Network = {
    layers: [
      { kind: 'input', name: 'image', inputs: [] },
      {
        kind: 'convolution',
        name: 'spread',
        inputs: ['image'],
        inChannels: 3,
        outChannels: numbers,
        kernel: size,
        stride: 1,
        padding: 0,
        groups: 1,
        bias: false,
      },
      { kind: 'flatten', name: 'flat', inputs: ['spread'] },
    ],
    output: 'flat',
  };
  const data = new Float32Array(numbers * numbers);
  for (let place = 0; place < numbers; place++) data[place * numbers + place] = 1;
  const weights = new Map([['spread.weight', { shape: [numbers, channels, size, size], data }]]);
  const classes = Array.from({ length: numbers }, (_, place) => String(place));
  return {
    architecture: 'mirror',
    network,
    input: { size, channels, mean: [0, 0, 0], std: [1, 1, 1] },
    classes,
    training: { holdout: null },
    weights,
  };
}

/** How far the numbers that a model is shown are from those of `decodeImage`, in levels of grey: the probabilities tell them but for a summand. */
async function distances(model: PictureClassifier, shown: Pixels, preparation: Preparation): Promise<{ mean: number; most: number }> {
  const outside = cropCentre(await decodeImage(shown, preparation), { height: stored, width: stored, channels }, size);
  const given = await model.probabilities(shown);
  const area = size * size;
  const levels = Array.from(given, (probability, place) => {
    const level = outside[(place % area) * channels + Math.floor(place / area)] as number;
    return 255 * Math.log(probability) - level;
  });
  const middle = [...levels].sort((a, b) => a - b)[Math.floor(levels.length / 2)] as number;
  const off = levels.map((level) => Math.abs(level - middle));
  return { mean: off.reduce((sum, one) => sum + one, 0) / off.length, most: Math.max(...off) };
}

const opened = {
  async ONNX(preparation: Preparation): Promise<PictureClassifier> {
    const { network, weights, input, classes } = mirror();
    const file = join(folder, 'pictures.onnx');
    const pictures = { input, preparation };
    writeFileSync(file, encodeOnnx(network, weights, { size, channels, classes: classes.length, name: 'mirror', metadata: {}, pictures }));
    return openOnnxOfPictures(file, 1);
  },
  async SavedModel(preparation: Preparation): Promise<PictureClassifier> {
    writeSavedModel(folder, mirror(), preparation);
    return openSavedModelOfPictures(folder);
  },
};

describe.each(['ONNX', 'SavedModel'] as const)('%s', (format) => {
  test.each(['pad', 'shrink', 'cover', 'stretch'] as const)('shows what decodeImage does where a picture is fitted by %s', async (fit) => {
    const preparation = { size: stored, channels, fit, background: 90 };
    const model = await opened[format](preparation);
    const sizes = [
      [stored, stored],
      [37, 52],
      [90, 41],
      [9, 12],
      [14, 200],
      [29, 29],
    ] as const;
    for (const [height, width] of sizes) {
      const { mean, most } = await distances(model, madePicture(height, width), preparation);
      expect(mean).toBeLessThan(0.6);
      expect(most).toBeLessThan(4);
    }
    await model.close();
  });
});
