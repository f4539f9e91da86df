import type { Activation, ArchitectureOptions, Convolution, Network, Start } from '../../network.ts';
import { divisible, Layers } from './blocks.ts';

/** One bottleneck: kernel, expanded and output channels, squeeze and excite, stride. */
interface GhostBlock {
  readonly kernel: 3 | 5;
  readonly expanded: number;
  readonly out: number;
  readonly squeeze: boolean;
  readonly stride: 1 | 2;
}

const block = (kernel: 3 | 5, expanded: number, out: number, squeeze: boolean, stride: 1 | 2): GhostBlock => {
  return { kernel, expanded, out, squeeze, stride };
};

/** The blocks of each stage, as timm divides them. */
const stages: readonly (readonly GhostBlock[])[] = [
  [block(3, 16, 16, false, 1)],
  [block(3, 48, 24, false, 2)],
  [block(3, 72, 24, false, 1)],
  [block(5, 72, 40, true, 2)],
  [block(5, 120, 40, true, 1)],
  [block(3, 240, 80, false, 2)],
  [
    block(3, 200, 80, false, 1),
    block(3, 184, 80, false, 1),
    block(3, 184, 80, false, 1),
    block(3, 480, 112, true, 1),
    block(3, 672, 112, true, 1),
  ],
  [block(5, 672, 160, true, 2)],
  [block(5, 960, 160, false, 1), block(5, 960, 160, true, 1), block(5, 960, 160, false, 1), block(5, 960, 160, true, 1)],
];

const [WIDTH, FEATURES] = [960, 1280];

/** torch's own choice for convolutions: evenly within ± 1 / √fan-in, the bias too. */
const start = ({ inChannels, groups, kernel, bias }: Convolution): { start: Start; startBias?: Start } => {
  const even = { uniform: 1 / Math.sqrt((inChannels / groups) * kernel ** 2) };
  return bias ? { start: even, startBias: even } : { start: even };
};

/** GhostNet (Han et al., 2020), 1.0x, as timm has it; names are those of its state dict. */
export function ghostNet(options: ArchitectureOptions): Network {
  const layers = new Layers(options.channels, { epsilon: 1e-5, momentum: 0.1, start });
  layers.convolution(['conv_stem', 'bn1', 'act1'], { outChannels: 16, kernel: 3, stride: options.stemStride, activation: 'relu' });
  stages.forEach((blocks, stage) => {
    blocks.forEach((own, index) => {
      appendBlock(layers, `blocks.${stage}.${index}`, own);
    });
  });
  const last = `blocks.${stages.length}.0`;
  layers.convolution([`${last}.conv`, `${last}.bn1`], { outChannels: WIDTH, kernel: 1, stride: 1, activation: 'relu' });
  layers.append({ kind: 'global-average-pool', name: 'global_pool', inputs: [layers.last] });
  layers.plainConvolution('conv_head', { outChannels: FEATURES, kernel: 1, stride: 1, bias: true });
  layers.activation('act2', 'relu');
  layers.append({ kind: 'flatten', name: 'flatten', inputs: [layers.last] });
  layers.append({ kind: 'dropout', name: 'dropout', inputs: [layers.last], probability: 0.2 });
  const even = { uniform: 1 / Math.sqrt(FEATURES) };
  const size = { inFeatures: FEATURES, outFeatures: options.classes, start: even, startBias: even };
  layers.append({ kind: 'dense', name: 'classifier', inputs: [layers.last], ...size });
  return { layers: layers.list, output: layers.last };
}

function appendBlock(layers: Layers, name: string, { kernel, expanded, out, squeeze, stride }: GhostBlock): void {
  const [source, inChannels] = [layers.last, layers.channels];
  appendGhost(layers, `${name}.ghost1`, expanded, 'relu');
  const depthwise = { kernel, stride, depthwise: true };
  if (stride > 1) layers.convolution([`${name}.conv_dw`, `${name}.bn_dw`], { outChannels: expanded, ...depthwise });
  if (squeeze) {
    const names = ['conv_reduce', 'conv_expand'] as const;
    layers.squeezeExcite(`${name}.se`, { squeezed: divisible(expanded / 4, 4), inner: 'relu', gate: 'hard-sigmoid', names });
  }
  appendGhost(layers, `${name}.ghost2`, out);
  const branch = layers.last;
  if (stride === 1 && inChannels === out) {
    layers.shortcut(name, source);
    return;
  }
  layers.from(source, inChannels);
  layers.convolution([`${name}.shortcut.0`, `${name}.shortcut.1`], { outChannels: inChannels, ...depthwise });
  layers.convolution([`${name}.shortcut.2`, `${name}.shortcut.3`], { outChannels: out, kernel: 1, stride: 1 });
  layers.shortcut(name, branch);
}

/** A ghost module: half its channels are computed from all that come in, the other half cheaply from the first. */
function appendGhost(layers: Layers, name: string, out: number, activation?: Activation): void {
  const part = (own: string): [string, string, string] => [`${name}.${own}.0`, `${name}.${own}.1`, `${name}.${own}.2`];
  const outChannels = out / 2;
  layers.convolution(part('primary_conv'), { outChannels, kernel: 1, stride: 1, activation });
  const primary = layers.last;
  layers.convolution(part('cheap_operation'), { outChannels, kernel: 3, stride: 1, depthwise: true, activation });
  layers.append({ kind: 'concat', name: `${name}.concat`, inputs: [primary, layers.last] });
  layers.channels = out;
}
