import type { Graph } from '../graph/graph.ts';
import { reshape } from '../graph/shapes.ts';
import type { Value } from '../graph/types.ts';
import { float } from '../graph/types.ts';
import type { ModelInput } from '../weights/model-folder.ts';

/**
 * Turns bytes [N, H, W, C], or float32 numbers of their range, into numbers of mean 0 and deviation 1 over the training set: (byte / 255 − mean) / std, per channel.
 * Each row of pixels is scaled as one vector: repeating three numbers along the last axis takes TensorFlow several times as long.
 */
export function normalise(graph: Graph, images: Value, { mean, std, channels }: ModelInput): Value {
  if (mean.length !== channels || std.length !== channels) throw new Error(`The mean and std of ${channels} channels are needed.`);
  const [, , width] = images.shape as readonly [number, number, number];
  const cast = { SrcT: { type: 'uint8' }, DstT: float, Truncate: { bool: false } } as const;
  const numbers = images.type === 'float' ? images : graph.operation('Cast', [images], images.shape, cast);
  const rows = reshape(graph, numbers, [-1, width * channels]);
  const alongRow = (values: readonly number[]): Value =>
    graph.constant(Array.from({ length: width }, () => values).flat(), [width * channels]);
  const scaled = graph.operation('Mul', [rows, alongRow(std.map((own) => 1 / (255 * own)))], rows.shape);
  const shift = alongRow(mean.map((own, channel) => -own / (std[channel] as number)));
  return reshape(graph, graph.operation('AddV2', [scaled, shift], rows.shape), images.shape);
}
