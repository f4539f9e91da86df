import type { ArchitectureOptions, Network } from '../../network.ts';
import { divisible, Layers } from './blocks.ts';

/** One inverted residual: kernel, expanded and output channels, squeeze and excite, hard swish instead of ReLU, stride. */
export interface MobileBlock {
  readonly kernel: 3 | 5;
  readonly expanded: number;
  readonly out: number;
  readonly squeeze: boolean;
  readonly hardSwish: boolean;
  readonly stride: 1 | 2;
}

/** MobileNetV3 (Howard et al., 2019) as torchvision has it; names are those of its state dict. */
export function mobileNetV3(blocks: readonly MobileBlock[], lastChannels: number, options: ArchitectureOptions): Network {
  const layers = new Layers(options.channels, { epsilon: 1e-3, momentum: 0.01 });
  layers.convolution('features.0', { outChannels: 16, kernel: 3, stride: options.stemStride, activation: 'hard-swish' });
  blocks.forEach((block, index) => {
    appendBlock(layers, `features.${index + 1}`, block);
  });
  const outChannels = 6 * layers.channels;
  layers.convolution(`features.${blocks.length + 1}`, { outChannels, kernel: 1, stride: 1, activation: 'hard-swish' });
  layers.pool();
  const start = { normal: 0.01 };
  layers.append({ kind: 'dense', name: 'classifier.0', inputs: [layers.last], inFeatures: outChannels, outFeatures: lastChannels, start });
  layers.activation('classifier.1', 'hard-swish');
  layers.append({ kind: 'dropout', name: 'classifier.2', inputs: [layers.last], probability: 0.2 });
  layers.append({
    kind: 'dense',
    name: 'classifier.3',
    inputs: [layers.last],
    inFeatures: lastChannels,
    outFeatures: options.classes,
    start,
  });
  return { layers: layers.list, output: layers.last };
}

function appendBlock(layers: Layers, name: string, { kernel, expanded, out, squeeze, hardSwish, stride }: MobileBlock): void {
  const [source, inChannels] = [layers.last, layers.channels];
  const activation = hardSwish ? 'hard-swish' : 'relu';
  let part = 0;
  const next = (): string => `${name}.block.${part++}`;
  if (expanded !== inChannels) layers.convolution(next(), { outChannels: expanded, kernel: 1, stride: 1, activation });
  layers.convolution(next(), { outChannels: expanded, kernel, stride, depthwise: true, activation });
  if (squeeze) layers.squeezeExcite(next(), { squeezed: divisible(expanded / 4), inner: 'relu', gate: 'hard-sigmoid' });
  layers.convolution(next(), { outChannels: out, kernel: 1, stride: 1 });
  if (stride === 1 && inChannels === out) layers.shortcut(name, source);
}
