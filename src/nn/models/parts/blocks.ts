import type { Activation, Convolution, Layer, Start } from '../../network.ts';

/** Rounds channels to a multiple, never below 90 % of what was asked (torchvision's `_make_divisible`). */
export function divisible(channels: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((channels + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * channels ? rounded + divisor : rounded;
}

/** What a convolution is told beside its name; what is left out follows from the layers before it. */
export interface ConvolutionShape {
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  /** Left out, what keeps the extent at stride 1. */
  readonly padding?: number | 'same';
  readonly depthwise?: boolean;
  /** Left out, 1; `depthwise` goes before it. */
  readonly groups?: number;
  readonly bias?: boolean;
}

/** A convolution followed by batch norm and, unless undefined, an activation. */
export interface ConvolutionBlock extends ConvolutionShape {
  readonly activation?: Activation | undefined;
}

/** The names of a block's convolution, batch norm and activation. */
export type BlockNames = readonly [convolution: string, norm: string, activation?: string];

/** How an architecture normalises, and how it draws its convolutions' fresh weights and biases where not as a network does by itself. */
export interface LayerDefaults {
  readonly epsilon: number;
  readonly momentum: number;
  readonly start?: (convolution: Convolution) => { readonly start?: Start; readonly startBias?: Start };
}

/** How squeeze and excite computes its gate. */
export interface SqueezeExcite {
  readonly squeezed: number;
  readonly inner: Activation;
  readonly gate: Activation;
  /** The own names of its two convolutions; left out, torchvision's. */
  readonly names?: readonly [reduce: string, expand: string];
}

/** Collects layers one after the other. `last` is the layer that the next one reads, with `channels` channels. */
export class Layers {
  readonly list: Layer[] = [{ kind: 'input', name: 'input', inputs: [] }];
  last = 'input';
  channels: number;
  readonly #defaults: LayerDefaults;

  constructor(channels: number, defaults: LayerDefaults) {
    this.channels = channels;
    this.#defaults = defaults;
  }

  /** Appends a layer; it becomes the last. */
  append(layer: Layer): void {
    this.list.push(layer);
    this.last = layer.name;
  }

  /** Goes on from an earlier layer. */
  from(name: string, channels: number): void {
    this.last = name;
    this.channels = channels;
  }

  /** Appends a convolution by itself. */
  plainConvolution(name: string, { outChannels, kernel, stride, padding, depthwise, groups = 1, bias = false }: ConvolutionShape): void {
    const inChannels = this.channels;
    const layer: Convolution = {
      kind: 'convolution',
      name,
      inputs: [this.last],
      inChannels,
      outChannels,
      kernel,
      stride,
      padding: padding ?? (kernel - 1) / 2,
      groups: depthwise === true ? inChannels : groups,
      bias,
    };
    this.append({ ...layer, ...this.#defaults.start?.(layer) });
    this.channels = outChannels;
  }

  /** Appends batch norm. `start` is the scale that training starts from. */
  norm(name: string, start?: number): void {
    const { epsilon, momentum } = this.#defaults;
    const own = start === undefined ? {} : { start };
    this.append({ kind: 'batch-norm', name, inputs: [this.last], channels: this.channels, epsilon, momentum, ...own });
  }

  /** Appends convolution, batch norm and activation, named `<name>.0`, `.1` and `.2` as in torchvision's Conv2dNormActivation. */
  convolution(name: string | BlockNames, { activation, ...shape }: ConvolutionBlock): void {
    const [convolution, norm, last] = typeof name === 'string' ? [`${name}.0`, `${name}.1`, `${name}.2`] : name;
    this.plainConvolution(convolution, shape);
    this.norm(norm);
    if (activation !== undefined) this.activation(last ?? `${norm}.act`, activation);
  }

  activation(name: string, activation: Activation): void {
    this.append({ kind: 'activation', name, inputs: [this.last], activation });
  }

  /** Squeeze and excite: scales each channel by a gate that is computed from all channels' means. */
  squeezeExcite(name: string, { squeezed, inner, gate, names: [reduce, expand] = ['fc1', 'fc2'] }: SqueezeExcite): void {
    const [source, channels] = [this.last, this.channels];
    const pointwise = { kernel: 1, stride: 1, bias: true };
    this.append({ kind: 'global-average-pool', name: `${name}.avgpool`, inputs: [source] });
    this.plainConvolution(`${name}.${reduce}`, { outChannels: squeezed, ...pointwise });
    this.activation(`${name}.activation`, inner);
    this.plainConvolution(`${name}.${expand}`, { outChannels: channels, ...pointwise });
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
