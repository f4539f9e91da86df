import { matrixProduct } from './arithmetic.ts';
import type { Graph } from './graph.ts';
import { integers, reshape } from './shapes.ts';
import type { Attributes, Shape, Value } from './types.ts';
import { float } from './types.ts';

/** Stride and padding (on every side) of a square convolution. */
export interface ConvolutionOptions {
  readonly stride: number;
  readonly padding: number;
}

/** The extent of a convolution's output. */
function outputExtent(extent: number, kernel: number, { stride, padding }: ConvolutionOptions): number {
  return Math.floor((extent + 2 * padding - kernel) / stride) + 1;
}

/**
 * A convolution of [N, H, W, C] with weights [K, K, C / groups, O]; a depthwise one has weights [K, K, C, 1]. Padding is PyTorch's: the
 * same on every side, also where the stride is 2.
 */
export function convolution(graph: Graph, x: Value, weights: Value, options: ConvolutionOptions, depthwise: boolean): Value {
  const [kernel, , , last] = weights.shape as readonly [number, number, number, number];
  const [, height, width, channels] = x.shape as readonly [number, number, number, number];
  if (!depthwise && kernel === 1 && options.stride === 1 && options.padding === 0 && weights.shape[2] === channels) {
    return pointwise(graph, x, weights);
  }
  const op = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
  const extents = [outputExtent(height, kernel, options), outputExtent(width, kernel, options)];
  const shape = [x.shape[0] as number, ...extents, depthwise ? channels : last];
  const attributes = attributesOf(kernel, options, depthwise);
  const output = graph.operation(op, [x, weights], shape, attributes);
  return graph.record(
    output,
    [x, (dy) => graph.operation(`${op}BackpropInput`, [integers(graph, x.shape), weights, dy], x.shape, attributes)],
    [weights, (dy) => graph.operation(`${op}BackpropFilter`, [x, integers(graph, weights.shape), dy], weights.shape, attributes)],
  );
}

/**
 * The same convolution for graphs that only infer: it pads by a node of its own where TensorFlow's two named paddings do not say it,
 * because its optimizer drops explicit padding when it fuses a depthwise convolution with a bias, and then aborts.
 */
export function inferenceConvolution(graph: Graph, x: Value, weights: Value, options: ConvolutionOptions, depthwise: boolean): Value {
  const kernel = weights.shape[0] as number;
  if (options.padding === 0 || isSame(kernel, options)) return convolution(graph, x, weights, options, depthwise);
  const { padding, stride } = options;
  const [batch, height, width, channels] = x.shape as readonly [number, number, number, number];
  const paddings = graph.constant([0, 0, padding, padding, padding, padding, 0, 0], [4, 2], 'int32');
  const shape: Shape = [batch, height + 2 * padding, width + 2 * padding, channels];
  const padded = graph.operation('Pad', [x, paddings], shape, { T: float, Tpaddings: { type: 'int32' } });
  return convolution(graph, padded, weights, { padding: 0, stride }, depthwise);
}

/** A 1 × 1 convolution as a matrix product, which is faster than TensorFlow's convolution on a CPU. */
function pointwise(graph: Graph, x: Value, weights: Value): Value {
  const [, , inner, outer] = weights.shape as readonly [number, number, number, number];
  const [batch, height, width] = x.shape as readonly [number, number, number];
  const rows = reshape(graph, x, [batch < 0 ? -1 : batch * height * width, inner]);
  return reshape(graph, matrixProduct(graph, rows, reshape(graph, weights, [inner, outer])), [batch, height, width, outer]);
}

/** True if the padding is the one that TensorFlow calls SAME for every extent. */
function isSame(kernel: number, { stride, padding }: ConvolutionOptions): boolean {
  return stride === 1 && 2 * padding === kernel - 1;
}

function attributesOf(kernel: number, options: ConvolutionOptions, depthwise: boolean): Attributes {
  const { stride, padding } = options;
  const named = padding === 0 ? 'VALID' : isSame(kernel, options) ? 'SAME' : undefined;
  return {
    T: float,
    strides: { ints: [1, stride, stride, 1] },
    padding: { text: named ?? 'EXPLICIT' },
    explicit_paddings: { ints: named === undefined ? [0, 0, padding, padding, padding, padding, 0, 0] : [] },
    data_format: { text: 'NHWC' },
    dilations: { ints: [1, 1, 1, 1] },
    ...(depthwise ? {} : { use_cudnn_on_gpu: { bool: true } }),
  };
}
