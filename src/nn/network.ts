/**
 * A network as plain data: layers in the order they are computed, each naming the layers it reads. Training, fusing and exporting all
 * work from this one description, so a model file needs no code of its architecture to be used.
 * Weights are named and laid out as PyTorch's (`<name>.weight` as out × in × height × width), so torchvision and timm load them as they
 * are.
 */
export interface Network {
  readonly layers: readonly Layer[];
  /** The name of the layer whose value is the network's output. */
  readonly output: string;
}

/** The functions of an activation layer. */
export type Activation = 'relu' | 'relu6' | 'hard-swish' | 'hard-sigmoid' | 'swish' | 'sigmoid';

interface Named {
  /** Unique; for layers with weights, the prefix of their names. */
  readonly name: string;
  readonly inputs: readonly string[];
}

/** How fresh values are drawn: from a normal distribution of this deviation around 0, or evenly within ± this bound. */
export type Start = { readonly normal: number } | { readonly uniform: number };

/**
 * A square convolution; `groups` equal to the input channels makes it depthwise. `padding` is on every side; `same` is TensorFlow's: as
 * much as makes the output ⌈extent / stride⌉, an odd row or column of it at the bottom and right.
 */
export interface Convolution extends Named {
  readonly kind: 'convolution';
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number | 'same';
  readonly groups: number;
  readonly bias: boolean;
  /** How fresh weights are drawn; left out, from a normal distribution of variance 2 / fan-out. Only training reads it, and the next. */
  readonly start?: Start;
  /** How a fresh bias is drawn; left out, it is 0. */
  readonly startBias?: Start;
}

/** Batch normalisation over channels. `momentum` is PyTorch's: the share of the new batch in the running statistics. */
export interface BatchNorm extends Named {
  readonly kind: 'batch-norm';
  readonly channels: number;
  readonly epsilon: number;
  readonly momentum: number;
  /** The scale that training starts from; left out, 1. */
  readonly start?: number;
}

/** From [N, inFeatures] to [N, outFeatures], with a weight and a bias. */
export interface Dense extends Named {
  readonly kind: 'dense';
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** How fresh weights are drawn; left out, from a normal distribution of deviation 0.01. Only training reads it, and the next. */
  readonly start?: Start;
  /** How a fresh bias is drawn; left out, it is 0. */
  readonly startBias?: Start;
}

/**
 * The head of margin losses such as ArcFace: from [N, inFeatures] the cosine of the angle to each class's row of `weight`
 * (outFeatures × inFeatures), times `scale`. Fresh weights are drawn as a dense layer's.
 */
export interface Cosine extends Named {
  readonly kind: 'cosine';
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly scale: number;
  readonly start?: Start;
}

/** One layer of a network. */
export type Layer =
  | (Named & { readonly kind: 'input' })
  | Convolution
  | BatchNorm
  | Dense
  | Cosine
  | (Named & { readonly kind: 'activation'; readonly activation: Activation })
  /** The largest of each square window; what `padding` adds on every side never is. */
  | (Named & { readonly kind: 'max-pool'; readonly kernel: number; readonly stride: number; readonly padding: number })
  /** The mean of each square window that lies within the image. */
  | (Named & { readonly kind: 'average-pool'; readonly kernel: number; readonly stride: number })
  /** The mean over height and width, kept as 1 × 1. */
  | (Named & { readonly kind: 'global-average-pool' })
  /** N × 1 × 1 × C to N × C. */
  | (Named & { readonly kind: 'flatten' })
  | (Named & { readonly kind: 'add' })
  /** The channels of all inputs, one input after the other. */
  | (Named & { readonly kind: 'concat' })
  /** `count` channels, from the channel `start` on. */
  | (Named & { readonly kind: 'slice'; readonly start: number; readonly count: number })
  /** Channels in the order that `groups` equal parts give when one of each is taken in turn. */
  | (Named & { readonly kind: 'channel-shuffle'; readonly channels: number; readonly groups: number })
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
}

/** An architecture: a pure function to its network. Each file in `models/` exports one as its default, or a function of its params that makes one. */
export type Architecture = (options: ArchitectureOptions) => Network;
