import type { Convolution, Layer, Network } from '../network.ts';
import type { Tensor } from '../weights/tensor.ts';

/** One tensor of a layer: its name and shape as PyTorch has them, and its shape in the graph. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly graphShape: readonly number[];
  /** False for running statistics, which no gradient reaches. */
  readonly trainable: boolean;
}

/** True if every channel is convolved by itself. */
export function isDepthwise({ groups, inChannels, outChannels }: Convolution): boolean {
  return groups > 1 && groups === inChannels && outChannels === inChannels;
}

/** The parameters of a layer, in PyTorch's order. */
export function layerParameters(layer: Layer): Parameter[] {
  const { name } = layer;
  const vector = (own: string, length: number, trainable = true): Parameter => {
    return { name: `${name}.${own}`, shape: [length], graphShape: [length], trainable };
  };
  if (layer.kind === 'convolution') {
    const { kernel, outChannels, groups, bias } = layer;
    const inner = layer.inChannels / groups;
    const graphShape = isDepthwise(layer) ? [kernel, kernel, outChannels, 1] : [kernel, kernel, inner, outChannels];
    const weight = { name: `${name}.weight`, shape: [outChannels, inner, kernel, kernel], graphShape, trainable: true };
    return bias ? [weight, vector('bias', outChannels)] : [weight];
  }
  if (layer.kind === 'batch-norm') {
    const { channels } = layer;
    return [
      vector('weight', channels),
      vector('bias', channels),
      vector('running_mean', channels, false),
      vector('running_var', channels, false),
    ];
  }
  if (layer.kind === 'dense' || layer.kind === 'cosine') {
    const { inFeatures, outFeatures } = layer;
    const weight = { name: `${name}.weight`, shape: [outFeatures, inFeatures], graphShape: [inFeatures, outFeatures], trainable: true };
    return layer.kind === 'dense' ? [weight, vector('bias', outFeatures)] : [weight];
  }
  return [];
}

/** All parameters of a network, in the order of its layers. */
export function parametersOf(network: Network): Parameter[] {
  return network.layers.flatMap(layerParameters);
}

/** From PyTorch's layout to the graph's. */
export function toGraphLayout(parameter: Parameter, { data }: Tensor): Float32Array {
  return rearranged(parameter, data, (target, source, graphIndex, index) => {
    target[graphIndex] = source[index] as number;
  });
}

/** From the graph's layout to PyTorch's. */
export function fromGraphLayout(parameter: Parameter, data: Float32Array): Tensor {
  const torch = rearranged(parameter, data, (target, source, graphIndex, index) => {
    target[index] = source[graphIndex] as number;
  });
  return { shape: parameter.shape, data: torch };
}

type Move = (target: Float32Array, source: Float32Array, graphIndex: number, index: number) => void;

/**
 * Visits every element of a parameter with its place in both layouts: out × in × place as PyTorch has it, place × in × out in the graph
 * (a depthwise kernel's `in` is 1, which makes its layout the same). Vectors are the same in both.
 */
function rearranged({ shape }: Parameter, source: Float32Array, move: Move): Float32Array {
  if (shape.length === 1) return source.slice();
  const target = new Float32Array(source.length);
  const [outer, inner] = shape as readonly [number, number];
  const area = source.length / (outer * inner);
  for (let out = 0; out < outer; out++) {
    for (let into = 0; into < inner; into++) {
      for (let place = 0; place < area; place++) {
        move(target, source, (place * inner + into) * outer + out, (out * inner + into) * area + place);
      }
    }
  }
  return target;
}
