import type { ArchitectureOptions, Convolution, Network, Start } from '../../network.ts';
import { Layers } from './blocks.ts';

/** Channels and blocks of the three stages. */
const stages = [
  { out: 116, blocks: 4 },
  { out: 232, blocks: 8 },
  { out: 464, blocks: 4 },
] as const;

const FEATURES = 1024;

/** torch's own choice for convolutions: evenly within ± 1 / √fan-in. */
const start = ({ inChannels, groups, kernel }: Convolution): { start: Start } => {
  return { start: { uniform: 1 / Math.sqrt((inChannels / groups) * kernel ** 2) } };
};

/** ShuffleNetV2 (Ma et al., 2018), 1.0x, as torchvision has it; names are those of its state dict. */
export function shuffleNetV2(options: ArchitectureOptions): Network {
  const layers = new Layers(options.channels, { epsilon: 1e-5, momentum: 0.1, start });
  layers.convolution('conv1', { outChannels: 24, kernel: 3, stride: options.stemStride, activation: 'relu' });
  layers.append({ kind: 'max-pool', name: 'maxpool', inputs: [layers.last], kernel: 3, stride: 2, padding: 1 });
  stages.forEach(({ out, blocks }, index) => {
    appendDownsampling(layers, `stage${index + 2}.0`, out);
    for (let block = 1; block < blocks; block++) appendBlock(layers, `stage${index + 2}.${block}`);
  });
  layers.convolution('conv5', { outChannels: FEATURES, kernel: 1, stride: 1, activation: 'relu' });
  layers.pool();
  const even = { uniform: 1 / Math.sqrt(FEATURES) };
  const size = { inFeatures: FEATURES, outFeatures: options.classes, start: even, startBias: even };
  layers.append({ kind: 'dense', name: 'fc', inputs: [layers.last], ...size });
  return { layers: layers.list, output: layers.last };
}

/** Halves the image: both branches read all channels and give half of those that come out. */
function appendDownsampling(layers: Layers, name: string, out: number): void {
  const [source, channels] = [layers.last, layers.channels];
  const first = `${name}.branch1`;
  layers.convolution([`${first}.0`, `${first}.1`], { outChannels: channels, kernel: 3, stride: 2, depthwise: true });
  layers.convolution([`${first}.2`, `${first}.3`, `${first}.4`], { outChannels: out / 2, kernel: 1, stride: 1, activation: 'relu' });
  const left = layers.last;
  layers.from(source, channels);
  appendBranch(layers, `${name}.branch2`, out / 2, 2);
  join(layers, name, left);
}

/** Keeps the image: half the channels go through the branch, the others stay as they are. */
function appendBlock(layers: Layers, name: string): void {
  const [source, channels] = [layers.last, layers.channels];
  const half = (own: string, from: number): void => {
    layers.append({ kind: 'slice', name: `${name}.${own}`, inputs: [source], start: from, count: channels / 2 });
    layers.channels = channels / 2;
  };
  half('left', 0);
  const left = layers.last;
  half('right', channels / 2);
  appendBranch(layers, `${name}.branch2`, channels / 2, 1);
  join(layers, name, left);
}

function appendBranch(layers: Layers, name: string, outChannels: number, stride: number): void {
  const pointwise = { outChannels, kernel: 1, stride: 1, activation: 'relu' } as const;
  layers.convolution([`${name}.0`, `${name}.1`, `${name}.2`], pointwise);
  layers.convolution([`${name}.3`, `${name}.4`], { outChannels, kernel: 3, stride, depthwise: true });
  layers.convolution([`${name}.5`, `${name}.6`, `${name}.7`], pointwise);
}

/** Puts a branch beside the last one and mixes their channels. */
function join(layers: Layers, name: string, left: string): void {
  const channels = 2 * layers.channels;
  layers.append({ kind: 'concat', name: `${name}.concat`, inputs: [left, layers.last] });
  layers.append({ kind: 'channel-shuffle', name: `${name}.shuffle`, inputs: [layers.last], channels, groups: 2 });
  layers.channels = channels;
}
