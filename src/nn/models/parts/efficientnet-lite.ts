import type { ArchitectureOptions, Network } from '../../network.ts';
import { Layers } from './blocks.ts';
import { stages } from './efficientnet-stages.ts';

const BLOCKS = stages.reduce((sum, { blocks }) => sum + blocks, 0);

interface LiteBlock {
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly out: number;
  readonly dropPath: number;
}

/**
 * EfficientNet-Lite0, EfficientNet without squeeze and excite and with ReLU6, as timm's `tf_efficientnet_lite0` has it: TensorFlow's
 * padding, and names of that state dict. The dropout that timm names for its training is on, and its drop path, whose last is given.
 */
export function efficientNetLite(lastDropPath: number, options: ArchitectureOptions): Network {
  const layers = new Layers(options.channels, {
    epsilon: 1e-3,
    momentum: 0.1,
    start: ({ outChannels, kernel, groups }) => ({ start: { normal: Math.sqrt((2 * groups) / (outChannels * kernel ** 2)) } }),
  });
  const stem = { outChannels: 32, kernel: 3, stride: options.stemStride, padding: 'same' } as const;
  layers.convolution(['conv_stem', 'bn1'], { ...stem, activation: 'relu6' });
  let done = 0;
  stages.forEach(({ blocks, ...stage }, index) => {
    for (let block = 0; block < blocks; block++, done++) {
      const dropPath = (lastDropPath * done) / BLOCKS;
      appendBlock(layers, `blocks.${index}.${block}`, { ...stage, stride: block === 0 ? stage.stride : 1, dropPath });
    }
  });
  layers.convolution(['conv_head', 'bn2'], { outChannels: 1280, kernel: 1, stride: 1, activation: 'relu6' });
  layers.pool();
  layers.append({ kind: 'dropout', name: 'dropout', inputs: [layers.last], probability: 0.2 });
  const start = { uniform: 1 / Math.sqrt(options.classes) };
  const size = { inFeatures: 1280, outFeatures: options.classes, start };
  layers.append({ kind: 'dense', name: 'classifier', inputs: [layers.last], ...size });
  return { layers: layers.list, output: layers.last };
}

/** An inverted residual; one without expansion is timm's depthwise separable block, whose parts have other names. */
function appendBlock(layers: Layers, name: string, { expansion, kernel, stride, out, dropPath }: LiteBlock): void {
  const [source, inChannels] = [layers.last, layers.channels];
  let norms = 0;
  const part = (own: string): [string, string] => [`${name}.${own}`, `${name}.bn${++norms}`];
  const expanded = inChannels * expansion;
  if (expansion > 1) layers.convolution(part('conv_pw'), { outChannels: expanded, kernel: 1, stride: 1, activation: 'relu6' });
  const depthwise = { outChannels: expanded, kernel, stride, padding: 'same', depthwise: true } as const;
  layers.convolution(part('conv_dw'), { ...depthwise, activation: 'relu6' });
  layers.convolution(part(expansion > 1 ? 'conv_pwl' : 'conv_pw'), { outChannels: out, kernel: 1, stride: 1 });
  if (stride === 1 && inChannels === out) layers.shortcut(name, source, dropPath);
}
