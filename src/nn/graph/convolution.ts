import { matrixProduct } from './arithmetic.ts';
import type { Graph } from './graph.ts';
import { cast } from './precision.ts';
import { depthwise as nativeDepthwise, hasDepthwise } from './native.ts';
import { integers, reshape } from './shapes.ts';
import type { Attributes, Shape, Value } from './types.ts';
import { floatingOf, typeOf } from './types.ts';

/** Stride and padding of a square convolution: as many zeros on every side, or `same` as TensorFlow pads. */
export interface ConvolutionOptions {
  readonly stride: number;
  readonly padding: number | 'same';
}

/** The extent of a convolution's output. */
function outputExtent(extent: number, kernel: number, { stride, padding }: ConvolutionOptions): number {
  return padding === 'same' ? Math.ceil(extent / stride) : windows(extent + 2 * padding, kernel, stride);
}

/** How many windows fit into an extent. */
export function windows(extent: number, kernel: number, stride: number): number {
  return Math.floor((extent - kernel) / stride) + 1;
}

/**
 * A convolution of [N, H, W, C] with weights [K, K, C / groups, O]; a depthwise one has weights [K, K, C, 1]. Numbered padding is
 * PyTorch's: the same on every side, also where the stride is 2. On a CPU oneDNN alone has gradients of grouped convolutions, and not
 * with such padding, so it gets a node of its own there.
 */
export function convolution(graph: Graph, x: Value, weights: Value, options: ConvolutionOptions, depthwise: boolean): Value {
  if (!depthwise || !hasDepthwise(graph, { x, weights, options })) return plainConvolution(graph, x, weights, options, depthwise);
  const [kernel] = weights.shape as readonly [number];
  const [batch, height, width, channels] = x.shape as readonly [number, number, number, number];
  const shape = [batch, outputExtent(height, kernel, options), outputExtent(width, kernel, options), channels];
  return nativeDepthwise(graph, { x, weights, options, shape });
}

/** The same in TensorFlow's own operations. */
function plainConvolution(graph: Graph, x: Value, weights: Value, options: ConvolutionOptions, depthwise: boolean): Value {
  const [kernel, , , last] = weights.shape as readonly [number, number, number, number];
  const [, height, width, channels] = x.shape as readonly [number, number, number, number];
  if (!depthwise && kernel === 1 && options.stride === 1 && !pads(kernel, options) && weights.shape[2] === channels) {
    return pointwise(graph, x, weights);
  }
  const explicit = explicitPadding(kernel, options);
  if (!depthwise && weights.shape[2] !== channels && explicit !== undefined) {
    return plainConvolution(graph, padImage(graph, x, explicit, 0), weights, { ...options, padding: 0 }, depthwise);
  }
  const op = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
  const extents = [outputExtent(height, kernel, options), outputExtent(width, kernel, options)];
  const shape = [x.shape[0] as number, ...extents, depthwise ? channels : last];
  const output = graph.operation(op, [x, weights], shape, attributesOf(x, kernel, options, depthwise));
  const of = { x, weights, options, depthwise };
  const [ofInput, ofWeights] =
    depthwise && x.type === 'bfloat16' ? [lowInputGradient, lowWeightsGradient] : [inputGradient, weightsGradient];
  return graph.record(output, [x, (dy) => ofInput(graph, of, dy)], [weights, (dy) => ofWeights(graph, of, dy)]);
}

/** What the gradients of a convolution are taken of. */
interface Convolved {
  readonly x: Value;
  readonly weights: Value;
  readonly options: ConvolutionOptions;
  readonly depthwise: boolean;
}

/**
 * oneDNN's kernel for depthwise convolutions takes no explicit padding, and TensorFlow's own is up to four times as slow (measured on two
 * cores: 8.4 against 3.0 ms at 64 × 48 × 48 × 16), so the gradient is taken of the padded image and its border is cut off.
 */
function inputGradient(graph: Graph, { x, weights, options, depthwise }: Convolved, dy: Value): Value {
  const kernel = weights.shape[0] as number;
  const explicit = depthwise ? explicitPadding(kernel, options) : undefined;
  if (explicit === undefined) {
    const attributes = attributesOf(x, kernel, options, depthwise);
    const op = depthwise ? 'DepthwiseConv2dNativeBackpropInput' : 'Conv2DBackpropInput';
    return graph.operation(op, [integers(graph, x.shape), weights, dy], x.shape, attributes);
  }
  const attributes = attributesOf(x, kernel, { ...options, padding: 0 }, depthwise);
  const shape = paddedShape(x.shape, explicit);
  const padded = graph.operation('DepthwiseConv2dNativeBackpropInput', [integers(graph, shape), weights, dy], shape, attributes);
  return withoutBorder(graph, padded, explicit, x.shape);
}

/**
 * With kernels of 5 and more, TensorFlow's own kernel for depthwise convolutions is up to six times as fast as oneDNN's (2.8 against 17.7 ms
 * at 64 × 3 × 3 × 576), and explicit padding asks for it. For others oneDNN's is the faster one, and wants a padded image.
 */
function weightsGradient(graph: Graph, { x, weights, options, depthwise }: Convolved, dy: Value): Value {
  const kernel = weights.shape[0] as number;
  const explicit = explicitPadding(kernel, options);
  const backward = (op: string, input: Value, attributes: Attributes): Value =>
    graph.operation(op, [input, integers(graph, weights.shape), dy], weights.shape, attributes);
  if (depthwise) {
    const own = kernel >= 5 && options.stride === 1 ? explicitAttributes(x, options, (kernel - 1) / 2, depthwise) : undefined;
    return backward('DepthwiseConv2dNativeBackpropFilter', x, own ?? attributesOf(x, kernel, options, depthwise));
  }
  if (explicit === undefined) return backward('Conv2DBackpropFilter', x, attributesOf(x, kernel, options, depthwise));
  return backward('Conv2DBackpropFilter', padImage(graph, x, explicit, 0), attributesOf(x, kernel, { ...options, padding: 0 }, depthwise));
}

/**
 * The input's gradient of a depthwise convolution of bfloat16, for which oneDNN has no fast kernel (it takes sixteen times as long as
 * float32's): again a convolution, by the turned kernel, of what comes in with zeros where the stride skipped places.
 */
function lowInputGradient(graph: Graph, of: Convolved, dy: Value): Value {
  const { x, weights, options } = of;
  const [kernel] = weights.shape as readonly [number];
  const { stride, padding } = options;
  const isEven = x.shape.slice(1, 3).every((extent) => extent % stride === 0);
  if (stride > 2 || !isEven || padding === 'same' || 2 * padding !== kernel - 1) return inFloat(graph, of, dy, inputGradient);
  const attributes = { T: typeOf(weights), Tidx: { type: 'int32' } } as const;
  const turned = graph.operation('ReverseV2', [weights, integers(graph, [0, 1])], weights.shape, attributes);
  const spread = stride === 1 ? dy : withGaps(graph, dy, x.shape);
  return graph.operation('DepthwiseConv2dNative', [spread, turned], x.shape, attributesOf(x, kernel, { ...options, stride: 1 }, true));
}

/** Puts a row of zeros after every row, and a column after every column. */
function withGaps(graph: Graph, x: Value, shape: Shape): Value {
  const [batch, height, width, channels] = x.shape as readonly [number, number, number, number];
  const rows = reshape(graph, x, [batch * height, 1, width, channels]);
  const paddings = graph.constant([0, 0, 0, 1, 0, 0, 0, channels], [4, 2], 'int32');
  const attributes = { T: typeOf(x), Tpaddings: { type: 'int32' } } as const;
  const spread = graph.operation('Pad', [rows, paddings], [batch * height, 2, width, 2 * channels], attributes);
  return reshape(graph, spread, shape);
}

/** The kernel's gradient of a depthwise convolution of bfloat16: oneDNN's kernel is fast up to 3 × 3, of a padded image. */
function lowWeightsGradient(graph: Graph, of: Convolved, dy: Value): Value {
  const { x, weights, options } = of;
  const kernel = weights.shape[0] as number;
  if (kernel >= 5) return inFloat(graph, of, dy, weightsGradient);
  const explicit = explicitPadding(kernel, options);
  const padded = explicit === undefined ? of : { ...of, x: padImage(graph, x, explicit, 0), options: { ...options, padding: 0 } };
  return weightsGradient(graph, padded, dy);
}

/** A gradient that is computed in float32 and given in the type of what comes in. */
function inFloat(graph: Graph, { x, weights, ...others }: Convolved, dy: Value, gradient: typeof inputGradient): Value {
  const of = { x: cast(graph, x, 'float'), weights: cast(graph, weights, 'float'), ...others };
  return cast(graph, gradient(graph, of, cast(graph, dy, 'float')), floatingOf([dy]));
}

/**
 * The same convolution for graphs that only infer: it pads by a node of its own where TensorFlow's two named paddings do not say it,
 * because its optimizer drops explicit padding when it fuses a depthwise convolution with a bias, and then aborts.
 */
export function inferenceConvolution(graph: Graph, x: Value, weights: Value, options: ConvolutionOptions, depthwise: boolean): Value {
  const explicit = explicitPadding(weights.shape[0] as number, options);
  if (explicit === undefined) return plainConvolution(graph, x, weights, options, depthwise);
  return plainConvolution(graph, padImage(graph, x, explicit, 0), weights, { ...options, padding: 0 }, depthwise);
}

/** Puts as many rows and columns of a value on every side of the images. */
export function padImage(graph: Graph, x: Value, padding: number, value: number): Value {
  const paddings = graph.constant([0, 0, padding, padding, padding, padding, 0, 0], [4, 2], 'int32');
  const attributes = { T: typeOf(x), Tpaddings: { type: 'int32' } } as const;
  const padded = graph.operation(
    'PadV2',
    [x, paddings, graph.constant(value, [], floatingOf([x]))],
    paddedShape(x.shape, padding),
    attributes,
  );
  return graph.record(padded, [x, (dy) => withoutBorder(graph, dy, padding, x.shape)]);
}

function paddedShape(shape: Shape, padding: number): Shape {
  const [batch, height, width, channels] = shape as readonly [number, number, number, number];
  return [batch, height + 2 * padding, width + 2 * padding, channels];
}

/** The image of that shape inside a border. */
function withoutBorder(graph: Graph, x: Value, border: number, shape: Shape): Value {
  const corner = integers(graph, [0, border, border, 0]);
  return graph.operation('Slice', [x, corner, integers(graph, shape)], shape, { T: typeOf(x), Index: { type: 'int32' } });
}

/** A 1 × 1 convolution as a matrix product, which is faster than TensorFlow's convolution on a CPU. */
function pointwise(graph: Graph, x: Value, weights: Value): Value {
  const [, , inner, outer] = weights.shape as readonly [number, number, number, number];
  const [batch, height, width] = x.shape as readonly [number, number, number];
  const rows = reshape(graph, x, [batch < 0 ? -1 : batch * height * width, inner]);
  return reshape(graph, matrixProduct(graph, rows, reshape(graph, weights, [inner, outer])), [batch, height, width, outer]);
}

/** False if a window reaches beyond the image nowhere. */
function pads(kernel: number, { padding }: ConvolutionOptions): boolean {
  return padding === 'same' ? kernel > 1 : padding > 0;
}

/** TensorFlow's name for a padding, for every extent of the image; undefined if it has none. */
function namedPadding(kernel: number, options: ConvolutionOptions): 'VALID' | 'SAME' | undefined {
  const { padding, stride } = options;
  if (!pads(kernel, options)) return 'VALID';
  return padding === 'same' || (stride === 1 && 2 * padding === kernel - 1) ? 'SAME' : undefined;
}

/** The padding where TensorFlow has no name for it. */
function explicitPadding(kernel: number, options: ConvolutionOptions): number | undefined {
  return options.padding === 'same' || namedPadding(kernel, options) !== undefined ? undefined : options.padding;
}

function attributesOf(x: Value, kernel: number, options: ConvolutionOptions, depthwise: boolean): Attributes {
  const named = namedPadding(kernel, options);
  const explicit = explicitPadding(kernel, options);
  if (explicit !== undefined) return explicitAttributes(x, options, explicit, depthwise);
  return { ...plainAttributes(x, options, depthwise), padding: { text: named ?? 'VALID' }, explicit_paddings: { ints: [] } };
}

function explicitAttributes(x: Value, options: ConvolutionOptions, padding: number, depthwise: boolean): Attributes {
  const ints = [0, 0, padding, padding, padding, padding, 0, 0];
  return { ...plainAttributes(x, options, depthwise), padding: { text: 'EXPLICIT' }, explicit_paddings: { ints } };
}

function plainAttributes(x: Value, { stride }: ConvolutionOptions, depthwise: boolean): Attributes {
  return {
    T: typeOf(x),
    strides: { ints: [1, stride, stride, 1] },
    data_format: { text: 'NHWC' },
    dilations: { ints: [1, 1, 1, 1] },
    ...(depthwise ? {} : { use_cudnn_on_gpu: { bool: true } }),
  };
}
