import type { ArchitectureOptions, Network } from '../../network.ts';
import { Layers } from './blocks.ts';

/** How many channels every layer of a block adds, and how many times as many its 1 × 1 convolution gives. */
const [GROWTH, BOTTLENECK] = [32, 4];

/** DenseNet (Huang et al., 2017) with that many layers in each block, as torchvision has it; names are those of its state dict. */
export function denseNet(blocks: readonly number[], options: ArchitectureOptions): Network {
  const layers = new Layers(options.channels, {
    epsilon: 1e-5,
    momentum: 0.1,
    start: ({ inChannels, kernel }) => ({ start: { normal: Math.sqrt(2 / (inChannels * kernel ** 2)) } }),
  });
  const stem = { outChannels: 64, kernel: 7, stride: options.stemStride, activation: 'relu' } as const;
  layers.convolution(['features.conv0', 'features.norm0', 'features.relu0'], stem);
  layers.append({ kind: 'max-pool', name: 'features.pool0', inputs: [layers.last], kernel: 3, stride: 2, padding: 1 });
  blocks.forEach((count, index) => {
    for (let layer = 1; layer <= count; layer++) appendLayer(layers, `features.denseblock${index + 1}.denselayer${layer}`);
    if (index < blocks.length - 1) appendTransition(layers, `features.transition${index + 1}`);
  });
  layers.norm('features.norm5');
  layers.activation('features.relu5', 'relu');
  layers.pool();
  const size = { inFeatures: layers.channels, outFeatures: options.classes, start: { uniform: 1 / Math.sqrt(layers.channels) } };
  layers.append({ kind: 'dense', name: 'classifier', inputs: [layers.last], ...size });
  return { layers: layers.list, output: layers.last };
}

/** Appends new channels, computed from all there are, to these. */
function appendLayer(layers: Layers, name: string): void {
  const [source, channels] = [layers.last, layers.channels];
  layers.norm(`${name}.norm1`);
  layers.activation(`${name}.relu1`, 'relu');
  const inner = { outChannels: BOTTLENECK * GROWTH, kernel: 1, stride: 1, activation: 'relu' } as const;
  layers.convolution([`${name}.conv1`, `${name}.norm2`, `${name}.relu2`], inner);
  layers.plainConvolution(`${name}.conv2`, { outChannels: GROWTH, kernel: 3, stride: 1 });
  layers.append({ kind: 'concat', name: `${name}.concat`, inputs: [source, layers.last] });
  layers.channels = channels + GROWTH;
}

/** Halves the channels and the image. */
function appendTransition(layers: Layers, name: string): void {
  layers.norm(`${name}.norm`);
  layers.activation(`${name}.relu`, 'relu');
  layers.plainConvolution(`${name}.conv`, { outChannels: layers.channels / 2, kernel: 1, stride: 1 });
  layers.append({ kind: 'average-pool', name: `${name}.pool`, inputs: [layers.last], kernel: 2, stride: 2 });
}
