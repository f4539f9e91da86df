import { padImage, windows } from './convolution.ts';
import type { Graph } from './graph.ts';
import { integers } from './shapes.ts';
import type { Attributes, Shape, Value } from './types.ts';
import { typeOf } from './types.ts';

/** A square window, and how far one lies from the next. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
}

/** Below every number: padding with it never is the largest. */
const LOWEST = -3.4028234663852886e38;

/** The largest of each window of [N, H, W, C], padded on every side. Of equal numbers the first gets the gradient, as in PyTorch. */
export function maxPool(graph: Graph, x: Value, window: Window & { readonly padding: number }): Value {
  const { padding } = window;
  const padded = padding === 0 ? x : padImage(graph, x, padding, LOWEST);
  const attributes = attributesOf(x, window);
  const output = graph.operation('MaxPool', [padded], outputShape(padded.shape, window), attributes);
  return graph.record(output, [padded, (dy) => graph.operation('MaxPoolGrad', [padded, output, dy], padded.shape, attributes)]);
}

/** The mean of each window of [N, H, W, C]. */
export function averagePool(graph: Graph, x: Value, window: Window): Value {
  const attributes = attributesOf(x, window);
  const output = graph.operation('AvgPool', [x], outputShape(x.shape, window), attributes);
  return graph.record(output, [x, (dy) => graph.operation('AvgPoolGrad', [integers(graph, x.shape), dy], x.shape, attributes)]);
}

function outputShape([batch, height, width, channels]: Shape, { kernel, stride }: Window): Shape {
  const extent = (own: number | undefined): number => windows(own as number, kernel, stride);
  return [batch as number, extent(height), extent(width), channels as number];
}

function attributesOf(x: Value, { kernel, stride }: Window): Attributes {
  return {
    T: typeOf(x),
    ksize: { ints: [1, kernel, kernel, 1] },
    strides: { ints: [1, stride, stride, 1] },
    padding: { text: 'VALID' },
    data_format: { text: 'NHWC' },
  };
}
