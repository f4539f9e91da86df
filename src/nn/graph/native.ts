import type { Activation } from '../network.ts';
import type { ConvolutionOptions } from './convolution.ts';
import { gatedSlope, noteGateGradient } from './gates.ts';
import type { Graph } from './graph.ts';
import type { Attributes, Shape, Value } from './types.ts';

/**
 * The operations that Stillroom adds to TensorFlow (`engine/native`): for float32 on a CPU, and only in graphs that train. What is saved or
 * exported never holds one, since no other program knows them.
 */

/** The places of activations in `engine/native/kernels.h`. */
const activations: Readonly<Partial<Record<Activation | 'none', number>>> = { none: 0, relu: 1, relu6: 2, 'hard-swish': 3, swish: 4 };

/** Whether batch norm can compute that activation in the same pass. */
export function isNormalisedWith(activation: Activation): boolean {
  return activations[activation] !== undefined;
}

/** What a batch norm with an activation reads, a vector per channel beside x, and which. */
export interface NormaliseOptions {
  readonly x: Value;
  readonly scale: Value;
  readonly offset: Value;
  readonly epsilon: number;
  readonly activation: Activation | 'none';
}

/** What it gives: its output, the batch's mean, its unbiased variance, and one through the deviation that was divided by. */
export interface NormaliseResult {
  readonly output: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly inverse: Value;
}

/** Batch norm by the batch's own statistics and an activation, in two passes over x, with gradients in two more. */
export function normalise(graph: Graph, { x, scale, offset, epsilon, activation }: NormaliseOptions): NormaliseResult {
  const attributes: Attributes = { activation: { int: activations[activation] as number }, epsilon: { float: epsilon } };
  const each = scale.shape;
  const { outputs } = graph.node('StillroomNormalise', {
    inputs: [x, scale, offset],
    attributes,
    outputs: [x.shape, each, each, each].map((shape) => [shape, 'float'] as const),
  });
  const [output, mean, variance, inverse] = outputs as [Value, Value, Value, Value];
  let backward: { readonly dy: Value; readonly outputs: Value[] } | undefined;
  const read = (dy: Value): Value[] => [dy, x, scale, offset, mean, inverse];
  const gradient = (dy: Value, index: number): Value => {
    if (backward?.dy !== dy) {
      const shapes = [x.shape, each, each].map((shape) => [shape, 'float'] as const);
      const { slope = dy, gate, added } = gatedSlope(dy) ?? {};
      const [op, inputs] =
        gate === undefined || added === undefined
          ? ['StillroomNormaliseGradient', read(dy)]
          : ['StillroomGatedNormaliseGradient', [...read(slope), gate, added]];
      backward = { dy, outputs: graph.node(op, { inputs, attributes, outputs: shapes }).outputs };
    }
    return backward.outputs[index] as Value;
  };
  const [images, , , channels] = x.shape as readonly [number, number, number, number];
  noteGateGradient(output, (dy) => graph.operation('StillroomGateGradient', read(dy), [images, 1, 1, channels], attributes));
  graph.record(output, [x, (dy) => gradient(dy, 0)], [scale, (dy) => gradient(dy, 1)], [offset, (dy) => gradient(dy, 2)]);
  return { output, mean, variance, inverse };
}

/** A depthwise convolution of x by weights [K, K, C, 1] to an output of that shape. */
export interface DepthwiseOptions {
  readonly x: Value;
  readonly weights: Value;
  readonly options: ConvolutionOptions;
  readonly shape: Shape;
}

/** Whether there are kernels for a depthwise convolution. */
export function hasDepthwise(graph: Graph, { x, weights, options }: Omit<DepthwiseOptions, 'shape'>): boolean {
  const [kernel] = weights.shape as readonly [number];
  return graph.isNative && x.type === 'float' && (kernel === 3 || kernel === 5) && options.stride <= 2;
}

/** A depthwise convolution with its gradients. */
export function depthwise(graph: Graph, { x, weights, options, shape }: DepthwiseOptions): Value {
  const [kernel] = weights.shape as readonly [number];
  const [, height, width] = x.shape as readonly [number, number, number];
  const [, outHeight, outWidth] = shape as readonly [number, number, number];
  const before = (extent: number, out: number): number => zerosBefore(options, kernel, extent, out);
  const one = (op: string, inputs: readonly Value[], extents: readonly [number, number], own: Shape): Value => {
    const attributes = {
      stride: { int: options.stride },
      top: { int: before(height, outHeight) },
      left: { int: before(width, outWidth) },
      height: { int: extents[0] },
      width: { int: extents[1] },
    };
    return graph.operation(op, inputs, own, attributes);
  };
  const output = one('StillroomDepthwise', [x, weights], [outHeight, outWidth], shape);
  return graph.record(
    output,
    [x, (dy) => one('StillroomDepthwiseInputGradient', [weights, dy], [height, width], x.shape)],
    [weights, (dy) => one('StillroomDepthwiseWeightsGradient', [x, dy], [kernel, kernel], weights.shape)],
  );
}

/** The zeros before the first row or column. */
function zerosBefore({ padding, stride }: ConvolutionOptions, kernel: number, extent: number, out: number): number {
  return padding === 'same' ? Math.floor(Math.max((out - 1) * stride + kernel - extent, 0) / 2) : padding;
}
