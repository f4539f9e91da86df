import type { ArchitectureOptions, Network } from '../../network.ts';
import { divisible, Layers } from './blocks.ts';
import { stages } from './efficientnet-stages.ts';

/** How a member of the family differs from b0. */
export interface EfficientNetScale {
  readonly width: number;
  readonly depth: number;
  readonly dropout: number;
  /** How often the last block's branch is dropped in training. */
  readonly dropPath: number;
}

interface MobileBlock {
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly out: number;
  readonly dropPath: number;
}

/** EfficientNet (Tan and Le, 2019) as torchvision has it; names are those of its state dict. */
export function efficientNet({ width, depth, dropout, dropPath }: EfficientNetScale, options: ArchitectureOptions): Network {
  const layers = new Layers(options.channels, { epsilon: 1e-5, momentum: 0.1 });
  const scaled = stages.map((stage) => ({ ...stage, out: divisible(stage.out * width), blocks: Math.ceil(stage.blocks * depth) }));
  const total = scaled.reduce((sum, { blocks }) => sum + blocks, 0);
  layers.convolution('features.0', { outChannels: divisible(32 * width), kernel: 3, stride: options.stemStride, activation: 'swish' });
  let done = 0;
  scaled.forEach(({ expansion, kernel, stride, out, blocks }, index) => {
    for (let block = 0; block < blocks; block++, done++) {
      const own = { expansion, kernel, stride: block === 0 ? stride : 1, out, dropPath: (dropPath * done) / total };
      appendBlock(layers, `features.${index + 1}.${block}`, own);
    }
  });
  const features = 4 * layers.channels;
  layers.convolution(`features.${stages.length + 1}`, { outChannels: features, kernel: 1, stride: 1, activation: 'swish' });
  layers.pool();
  layers.append({ kind: 'dropout', name: 'classifier.0', inputs: [layers.last], probability: dropout });
  const start = { uniform: 1 / Math.sqrt(options.classes) };
  const size = { inFeatures: features, outFeatures: options.classes, start };
  layers.append({ kind: 'dense', name: 'classifier.1', inputs: [layers.last], ...size });
  return { layers: layers.list, output: layers.last };
}

function appendBlock(layers: Layers, name: string, { expansion, kernel, stride, out, dropPath }: MobileBlock): void {
  const [source, inChannels] = [layers.last, layers.channels];
  const expanded = divisible(inChannels * expansion);
  let part = 0;
  const next = (): string => `${name}.block.${part++}`;
  if (expanded !== inChannels) layers.convolution(next(), { outChannels: expanded, kernel: 1, stride: 1, activation: 'swish' });
  layers.convolution(next(), { outChannels: expanded, kernel, stride, depthwise: true, activation: 'swish' });
  layers.squeezeExcite(next(), { squeezed: Math.max(1, Math.floor(inChannels / 4)), inner: 'swish', gate: 'sigmoid' });
  layers.convolution(next(), { outChannels: out, kernel: 1, stride: 1 });
  if (stride === 1 && inChannels === out) layers.shortcut(name, source, dropPath);
}
