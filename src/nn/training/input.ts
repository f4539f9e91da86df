import type { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/types.ts';
import { float } from '../graph/types.ts';
import type { ModelInput } from '../weights/model-folder.ts';

/** Turns bytes [N, H, W, C] into numbers of mean 0 and deviation 1 over the training set: (byte / 255 − mean) / std, per channel. */
export function normalise(graph: Graph, images: Value, { mean, std, channels }: ModelInput): Value {
  if (mean.length !== channels || std.length !== channels) throw new Error(`The mean and std of ${channels} channels are needed.`);
  const numbers = graph.operation('Cast', [images], images.shape, { SrcT: { type: 'uint8' }, DstT: float, Truncate: { bool: false } });
  const scale = graph.constant(
    std.map((own) => 1 / (255 * own)),
    [channels],
  );
  const shift = graph.constant(
    mean.map((own, channel) => -own / (std[channel] as number)),
    [channels],
  );
  return graph.operation('AddV2', [graph.operation('Mul', [numbers, scale], images.shape), shift], images.shape);
}
