import type { ArchitectureOptions, Convolution, Network, Start } from '../../network.ts';
import { divisible, Layers } from './blocks.ts';

/** Groups of the 3 × 3 convolutions, their channels in the first stage, and how many times as many come out of a block. */
const [GROUPS, WIDTH, EXPANSION] = [32, 128, 2];

/** timm's choice: weights of variance 2 / fan-out as usual, but the biases of squeeze and excite as torch draws them. */
const start = ({ inChannels, bias }: Convolution): { startBias?: Start } => {
  return bias ? { startBias: { uniform: 1 / Math.sqrt(inChannels) } } : {};
};

/**
 * ResNeXt (Xie et al., 2017) with squeeze and excite (Hu et al., 2018) and that many blocks in each stage, 32 groups of 4 channels, as
 * timm has it; names are those of its state dict.
 */
export function seResNeXt(
  { blocks, dropPath: lastDropPath }: { readonly blocks: readonly number[]; readonly dropPath: number },
  options: ArchitectureOptions,
): Network {
  const layers = new Layers(options.channels, { epsilon: 1e-5, momentum: 0.1, start });
  layers.convolution(['conv1', 'bn1', 'act1'], { outChannels: 64, kernel: 7, stride: options.stemStride, activation: 'relu' });
  layers.append({ kind: 'max-pool', name: 'maxpool', inputs: [layers.last], kernel: 3, stride: 2, padding: 1 });
  const total = blocks.reduce((sum, count) => sum + count, 0);
  let done = 0;
  blocks.forEach((count, stage) => {
    for (let block = 0; block < count; block++, done++) {
      const dropPath = (lastDropPath * done) / (total - 1);
      const own = { width: WIDTH * 2 ** stage, stride: block === 0 && stage > 0 ? 2 : 1, dropPath };
      appendBlock(layers, `layer${stage + 1}.${block}`, own);
    }
  });
  layers.pool();
  const even = { uniform: 1 / Math.sqrt(layers.channels) };
  const size = { inFeatures: layers.channels, outFeatures: options.classes, start: even, startBias: even };
  layers.append({ kind: 'dense', name: 'fc', inputs: [layers.last], ...size });
  return { layers: layers.list, output: layers.last };
}

interface Bottleneck {
  readonly width: number;
  readonly stride: number;
  readonly dropPath: number;
}

/** A bottleneck; the scale of its last batch norm starts at 0, so that a fresh block does nothing. */
function appendBlock(layers: Layers, name: string, { width, stride, dropPath }: Bottleneck): void {
  const [source, inChannels, outChannels] = [layers.last, layers.channels, EXPANSION * width];
  const part = (index: number): [string, string, string] => [`${name}.conv${index}`, `${name}.bn${index}`, `${name}.act${index}`];
  layers.convolution(part(1), { outChannels: width, kernel: 1, stride: 1, activation: 'relu' });
  layers.convolution(part(2), { outChannels: width, kernel: 3, stride, groups: GROUPS, activation: 'relu' });
  layers.plainConvolution(`${name}.conv3`, { outChannels, kernel: 1, stride: 1 });
  layers.norm(`${name}.bn3`, 0);
  layers.squeezeExcite(`${name}.se`, { squeezed: divisible(outChannels / 16), inner: 'relu', gate: 'sigmoid' });
  const branch = layers.last;
  let shortcut = source;
  if (stride !== 1 || inChannels !== outChannels) {
    layers.from(source, inChannels);
    layers.convolution([`${name}.downsample.0`, `${name}.downsample.1`], { outChannels, kernel: 1, stride });
    shortcut = layers.last;
  }
  layers.from(branch, outChannels);
  layers.shortcut(name, shortcut, dropPath);
  layers.activation(`${name}.act3`, 'relu');
}
