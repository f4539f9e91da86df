import type { Activation, Layer } from '../network.ts';

/** Rounds channels to a multiple of 8, never below 90 % of what was asked (torchvision's `_make_divisible`). */
export function divisible(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** A convolution followed by batch norm and, unless undefined, an activation. */
export interface ConvolutionBlock {
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise?: boolean;
  readonly activation?: Activation;
}

/** How an architecture normalises. */
export interface Normalisation {
  readonly epsilon: number;
  readonly momentum: number;
}

/** Collects layers one after the other. `last` is the layer that the next one reads. */
export class Layers {
  readonly list: Layer[] = [{ kind: 'input', name: 'input', inputs: [] }];
  last = 'input';
  channels: number;
  readonly #normalisation: Normalisation;

  constructor(channels: number, normalisation: Normalisation) {
    this.channels = channels;
    this.#normalisation = normalisation;
  }

  /** Appends a layer; it becomes the last. */
  append(layer: Layer): void {
    this.list.push(layer);
    this.last = layer.name;
  }

  /** Appends convolution `<name>.0`, batch norm `<name>.1` and activation `<name>.2`, as torchvision's Conv2dNormActivation. */
  convolution(name: string, { outChannels, kernel, stride, depthwise = false, activation }: ConvolutionBlock): void {
    const inChannels = this.channels;
    const groups = depthwise ? inChannels : 1;
    const padding = (kernel - 1) / 2;
    const shape = { inChannels, outChannels, kernel, stride, padding, groups, bias: false };
    this.append({ kind: 'convolution', name: `${name}.0`, inputs: [this.last], ...shape });
    this.append({ kind: 'batch-norm', name: `${name}.1`, inputs: [this.last], channels: outChannels, ...this.#normalisation });
    if (activation !== undefined) this.activation(`${name}.2`, activation);
    this.channels = outChannels;
  }

  activation(name: string, activation: Activation): void {
    this.append({ kind: 'activation', name, inputs: [this.last], activation });
  }

  /** Squeeze and excite: scales each channel by a gate that is computed from all channels' means. */
  squeezeExcite(name: string, squeezed: number, inner: Activation, gate: Activation): void {
    const [source, channels] = [this.last, this.channels];
    const pointwise = { kernel: 1, stride: 1, padding: 0, groups: 1, bias: true };
    this.append({ kind: 'global-average-pool', name: `${name}.avgpool`, inputs: [source] });
    this.append({
      kind: 'convolution',
      name: `${name}.fc1`,
      inputs: [this.last],
      inChannels: channels,
      outChannels: squeezed,
      ...pointwise,
    });
    this.activation(`${name}.activation`, inner);
    this.append({
      kind: 'convolution',
      name: `${name}.fc2`,
      inputs: [this.last],
      inChannels: squeezed,
      outChannels: channels,
      ...pointwise,
    });
    this.activation(`${name}.scale_activation`, gate);
    this.append({ kind: 'multiply', name: `${name}.scale`, inputs: [source, this.last] });
  }

  /** Adds an earlier layer to the last one, whose branch is dropped at random with `dropPath`. */
  shortcut(name: string, from: string, dropPath = 0): void {
    if (dropPath > 0) this.append({ kind: 'drop-path', name: `${name}.drop-path`, inputs: [this.last], probability: dropPath });
    this.append({ kind: 'add', name: `${name}.add`, inputs: [this.last, from] });
  }

  /** Appends the mean over the image, as a vector. */
  pool(): void {
    this.append({ kind: 'global-average-pool', name: 'avgpool', inputs: [this.last] });
    this.append({ kind: 'flatten', name: 'flatten', inputs: [this.last] });
  }
}
