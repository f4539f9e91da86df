/**
 * A network as plain data: layers in the order they are computed, each naming the layers it reads. Training, fusing and exporting all
 * work from this one description, so a model file needs no code of its architecture to be used.
 * Weights are named and laid out as PyTorch's (`<name>.weight` as out × in × height × width), so torchvision loads them as they are.
 */
export interface Network {
  readonly layers: readonly Layer[];
  /** The name of the layer whose value is the network's output. */
  readonly output: string;
}

export type Activation = 'relu' | 'relu6' | 'hard-swish' | 'hard-sigmoid' | 'swish' | 'sigmoid';

interface Named {
  /** Unique; for layers with weights, the prefix of their names. */
  readonly name: string;
  readonly inputs: readonly string[];
}

/** A square convolution; `groups` equal to the input channels makes it depthwise. `padding` is on every side. */
export interface Convolution extends Named {
  readonly kind: 'convolution';
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
  readonly bias: boolean;
}

/** Batch normalisation over channels. `momentum` is PyTorch's: the share of the new batch in the running statistics. */
export interface BatchNorm extends Named {
  readonly kind: 'batch-norm';
  readonly channels: number;
  readonly epsilon: number;
  readonly momentum: number;
}

export interface Dense extends Named {
  readonly kind: 'dense';
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** How fresh weights are drawn: from a normal distribution of this deviation, or evenly within ± this bound. Only training reads it. */
  readonly start?: { readonly normal: number } | { readonly uniform: number };
}

export type Layer =
  | (Named & { readonly kind: 'input' })
  | Convolution
  | BatchNorm
  | Dense
  | (Named & { readonly kind: 'activation'; readonly activation: Activation })
  /** The mean over height and width, kept as 1 × 1. */
  | (Named & { readonly kind: 'global-average-pool' })
  /** N × 1 × 1 × C to N × C. */
  | (Named & { readonly kind: 'flatten' })
  | (Named & { readonly kind: 'add' })
  /** The first input times the second, which is broadcast over height and width (squeeze and excite). */
  | (Named & { readonly kind: 'multiply' })
  | (Named & { readonly kind: 'dropout'; readonly probability: number })
  /** Stochastic depth by row: drops a sample's whole branch. */
  | (Named & { readonly kind: 'drop-path'; readonly probability: number });

/** What an architecture is asked for. */
export interface ArchitectureOptions {
  readonly classes: number;
  readonly channels: number;
  /** 2 as published; 1 keeps the resolution of small inputs. */
  readonly stemStride: 1 | 2;
  /** How often the last block's branch is dropped in training, where the architecture drops branches; left out, as published. */
  readonly dropPath?: number;
}

/** An architecture: a pure function to its network. Each file in `models/` exports one as its default. */
export type Architecture = (options: ArchitectureOptions) => Network;
