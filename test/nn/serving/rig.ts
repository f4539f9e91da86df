import { openPredictor } from 'stillroom/nn';
import type { Architecture, Images, Model, Network, Pixels } from 'stillroom/nn';
import { Layers } from '../../../src/nn/models/parts/blocks.ts';
import efficientNetB0 from '../../../src/nn/models/efficientnet-b0.ts';
import mobileNetV3Small from '../../../src/nn/models/mobilenet-v3-small.ts';
import shuffleNetV2 from '../../../src/nn/models/shufflenet-v2.ts';
import { initialWeights } from '../../../src/nn/layers/initialise.ts';
import { stir } from '../../stages/models.ts';
import { formulaImages } from '../rig.ts';

/** Height and width of what the models here take. */
export const size = 32;

const [mean, std] = [
  [0.4, 0.5, 0.6],
  [0.2, 0.25, 0.3],
] as const;

/** A network that uses what the published ones do not; where it pads for a maximum, all numbers may be negative. */
export const everyLayer: Architecture = ({ classes, channels }): Network => {
  const layers = new Layers(channels, { epsilon: 1e-3, momentum: 0.1 });
  layers.plainConvolution('stem', { outChannels: 8, kernel: 3, stride: 2, padding: 'same', bias: true });
  layers.append({ kind: 'max-pool', name: 'largest', inputs: ['stem'], kernel: 3, stride: 2, padding: 1 });
  layers.append({ kind: 'drop-path', name: 'path', inputs: ['largest'], probability: 0.5 });
  layers.append({ kind: 'slice', name: 'slice', inputs: ['path'], start: 2, count: 6 });
  layers.from('slice', 6);
  layers.convolution('grouped', { outChannels: 6, kernel: 5, stride: 1, groups: 2, activation: 'relu6' });
  layers.append({ kind: 'add', name: 'sum', inputs: [layers.last, 'slice'] });
  layers.append({ kind: 'concat', name: 'concat', inputs: ['sum', 'path'] });
  layers.append({ kind: 'channel-shuffle', name: 'shuffle', inputs: ['concat'], channels: 14, groups: 2 });
  layers.append({ kind: 'average-pool', name: 'mean', inputs: ['shuffle'], kernel: 3, stride: 2 });
  layers.pool();
  layers.append({ kind: 'cosine', name: 'head', inputs: [layers.last], inFeatures: 14, outFeatures: classes, scale: 16 });
  layers.append({ kind: 'dropout', name: 'drop', inputs: ['head'], probability: 0.2 });
  return { layers: layers.list, output: 'drop' };
};

/** Architectures that together use every operation that a format has to know: the others are larger ones made of the same. */
export const architectures: readonly (readonly [name: string, architecture: Architecture])[] = [
  ['every kind of layer', everyLayer],
  ['EfficientNet-b0', efficientNetB0({ drop_path: 0.2 })],
  ['MobileNetV3-small', mobileNetV3Small],
  ['ShuffleNetV2', shuffleNetV2],
];

/** A model with fresh weights. */
export function modelOf(architecture: Architecture): Model {
  const classes = ['a', 'b', 'c', 'd', 'e'];
  const network = architecture({ classes: classes.length, channels: 3, stemStride: 2 });
  const input = { size, channels: 3, mean, std };
  return { architecture: 'test', network, input, classes, training: { holdout: null }, weights: stir(initialWeights(network, 1)) };
}

/** Two images as bytes. */
const pixels = formulaImages(size);

/** The two images, normalised, channels last. */
export const normalised = Float32Array.from(
  pixels,
  (value, place) => (value / 255 - (mean[place % 3] as number)) / (std[place % 3] as number),
);

/** What the toolkit's own graph gives for the two images. */
export function expectedLogits(model: Model): number[] {
  const { classes } = model;
  const area = size * size * 3;
  const images: Images = {
    info: { format: 1, count: 2, height: size, width: size, channels: 3, classes, mean, std },
    labels: new Uint16Array(2),
    read: (index, target, offset = 0) => target.set(pixels.subarray(index * area, (index + 1) * area), offset),
  };
  const predictor = openPredictor(model, 2);
  const logits = predictor.logits(images, [0, 1]);
  predictor.close();
  return [...logits];
}

/** A picture with slopes, edges and fine texture. */
export function madePicture(height: number, width: number): Pixels {
  const data = Uint8Array.from({ length: height * width * 3 }, (_, index) => {
    const [row, column, channel] = [Math.floor(index / (width * 3)), Math.floor(index / 3) % width, index % 3];
    const edge = row > height / 3 && column > width / 2 ? 60 : 0;
    return 40 + edge + (80 * (row + column)) / (height + width) + 12 * Math.sin(row * 1.3 + channel) + 10 * Math.cos(column * 2.1);
  });
  return { data, height, width, channels: 3 };
}
