import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Layers } from '../../src/nn/models/parts/blocks.ts';
import type { Images } from '../../src/nn/data/dataset.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import { parametersOf } from '../../src/nn/layers/parameters.ts';
import type { Network } from '../../src/nn/network.ts';
import type { Model } from '../../src/nn/weights/model-folder.ts';
import type { Tensor, Weights } from '../../src/nn/weights/tensor.ts';
import { elements } from '../../src/nn/weights/tensor.ts';

/** Reads a file that fixtures/make.py wrote. */
export function fixture<Content>(name: string): Content {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`fixtures/${name}.json`, import.meta.url)), 'utf8')) as Content;
}

/** The value of every element of a tensor, from its name and place alone: `formula` in fixtures/make.py. */
export function formula(name: string, shape: readonly number[]): Float32Array {
  const phase = ([...name].reduce((sum, letter, place) => sum + (letter.codePointAt(0) as number) * (place + 1), 0) % 1000) * 0.01;
  const scale = Math.sqrt(6 / elements(shape.slice(1)));
  return Float32Array.from({ length: elements(shape) }, (_, index) => {
    const wave = Math.sin(phase + 0.37 * index ** 1.1);
    if (name.endsWith('running_var')) return 1 + 0.5 * wave;
    if (name.endsWith('running_mean')) return 0.1 * wave;
    if (shape.length === 1) return (name.endsWith('weight') ? 1 : 0) + 0.2 * wave;
    return wave * scale;
  });
}

/** Numbers evenly in [−1, 1) that look random, from a name and their places alone: `noise` in fixtures/make.py. */
export function noise(name: string, count: number): Float64Array {
  const letters = [...name].reduce((sum, letter, place) => sum + (letter.codePointAt(0) as number) * (place + 1), 0);
  const seed = Math.imul(letters, 0x9e3779b1);
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const first = (Math.imul(index, 0x9e3779b1) + seed) | 0;
    const second = Math.imul(first ^ (first >>> 15), 0x85ebca6b);
    const third = Math.imul(second ^ (second >>> 13), 0xc2b2ae35);
    values[index] = ((third ^ (third >>> 16)) >>> 0) / 2 ** 31 - 1;
  }
  return values;
}

/** A network's tensor: `filled` in fixtures/make.py. */
export function filled(name: string, shape: readonly number[]): Float32Array {
  const [middle, deviation] = name.endsWith('running_var')
    ? [1, 0.5]
    : name.endsWith('running_mean')
      ? [0, 0.1]
      : shape.length > 1
        ? [0, Math.sqrt(3 / elements(shape.slice(1)))]
        : name.endsWith('weight')
          ? [0.7, 0.14]
          : [1, 0.2];
  return new Float32Array(noise(name, elements(shape)).map((own) => middle + deviation * own));
}

/** A network's weights by `formula`. */
export function formulaWeights(network: Network): Weights {
  return new Map(parametersOf(network).map(({ name, shape }): [string, Tensor] => [name, { shape, data: formula(name, shape) }]));
}

/** The two images of fixtures/make.py as bytes, N × H × W × C: one like noise, one that is smooth. */
export function formulaImages(size: number): Uint8Array {
  const count = size * size * 3;
  const bytes = new Uint8Array(2 * count);
  for (let index = 0; index < count; index++) {
    bytes[index] = (index * 37 + Math.floor(index / 11) * 5 + Math.floor(index / 1021) * 71) % 256;
    bytes[count + index] = (Math.floor(index / (size * 3)) * 3 + (Math.floor(index / 3) % size) + (index % 3) * 40) % 256;
  }
  return bytes;
}

/** A network without dropout and stochastic depth. */
export function withoutDropping(network: Network): Network {
  return { ...network, layers: network.layers.map((layer) => ('probability' in layer ? { ...layer, probability: 0 } : layer)) };
}

/** The largest difference between two lists, relative to the second list's largest number. */
export function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, index) => Math.abs((actual[index] as number) - value))) / scale;
}

/** The Euclidean norm. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] as number) ** 2;
  return Math.sqrt(sum);
}

/** Images in memory, 12 × 12 with one channel: a bright quarter tells the class (of four). */
export function quarterImages(count: number): Images {
  const [height, width, channels] = [12, 12, 1];
  const labels = Uint16Array.from({ length: count }, (_, index) => (index * 7) % 4);
  const classes = ['a', 'b', 'c', 'd'];
  return {
    info: { format: 1, count, height, width, channels, classes, mean: [0.3], std: [0.25] },
    labels,
    read(index, target, offset = 0) {
      const label = labels[index] as number;
      for (let place = 0; place < height * width; place++) {
        const [row, column] = [Math.floor(place / width), place % width];
        const bright = Math.floor(row / 6) * 2 + Math.floor(column / 6) === label;
        target[offset + place] = ((index * 31 + place * 17) % 97) + (bright ? 120 : 0);
      }
    },
  };
}

/** A network that trains in milliseconds yet convolves, normalises, squeezes and drops: 8 × 8 pixels, one channel, four classes. */
export function smallNetwork(): Network {
  const layers = new Layers(1, { epsilon: 1e-3, momentum: 0.1 });
  layers.convolution('stem', { outChannels: 8, kernel: 3, stride: 2, activation: 'hard-swish' });
  const source = layers.last;
  layers.convolution('block', { outChannels: 8, kernel: 3, stride: 1, depthwise: true, activation: 'relu' });
  layers.squeezeExcite('gate', { squeezed: 4, inner: 'swish', gate: 'hard-sigmoid' });
  layers.convolution('project', { outChannels: 8, kernel: 1, stride: 1 });
  layers.shortcut('block', source, 0.2);
  layers.append({ kind: 'flatten', name: 'flatten', inputs: [layers.last] });
  layers.append({ kind: 'dropout', name: 'dropout', inputs: ['flatten'], probability: 0.3 });
  layers.append({ kind: 'dense', name: 'classifier', inputs: ['dropout'], inFeatures: 128, outFeatures: 4 });
  return { layers: layers.list, output: 'classifier' };
}

/** A model of the small network with fresh weights. */
export function smallModel(): Model {
  const network = smallNetwork();
  const input = { size: 8, channels: 1, mean: [0.3], std: [0.25] };
  return {
    architecture: 'small',
    network,
    input,
    classes: ['a', 'b', 'c', 'd'],
    training: { holdout: null },
    weights: initialWeights(network, 3),
  };
}
