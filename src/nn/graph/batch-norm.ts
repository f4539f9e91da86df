import type { Graph } from './graph.ts';
import type { Attributes, Shape, Value } from './types.ts';
import { float } from './types.ts';

/** What batch normalisation reads: a vector per channel each. */
export interface BatchNormValues {
  readonly scale: Value;
  readonly offset: Value;
}

function attributesOf(epsilon: number, training: boolean): Attributes {
  return { T: float, U: float, epsilon: { float: epsilon }, data_format: { text: 'NHWC' }, is_training: { bool: training } };
}

const forward = (shape: Shape, channels: Shape) =>
  [shape, channels, channels, channels, channels, channels].map((own) => [own, 'float'] as const);

/** Batch normalisation of [N, H, W, C] by the batch's own statistics; also gives its mean and its unbiased variance. */
export function batchNormTraining(
  graph: Graph,
  x: Value,
  { scale, offset }: BatchNormValues,
  epsilon: number,
): { readonly output: Value; readonly mean: Value; readonly variance: Value } {
  const attributes = attributesOf(epsilon, true);
  const empty = graph.constant([], [0]);
  const { outputs } = graph.node('FusedBatchNormV3', {
    inputs: [x, scale, offset, empty, empty],
    attributes: { ...attributes, exponential_avg_factor: { float: 1 } },
    outputs: forward(x.shape, scale.shape),
  });
  const [output, mean, variance, ...reserved] = outputs as [Value, Value, Value, Value, Value, Value];
  let backward: { readonly dy: Value; readonly outputs: Value[] } | undefined;
  const gradient = (dy: Value, index: number): Value => {
    if (backward?.dy !== dy) {
      const shapes = [x.shape, scale.shape, scale.shape, [0], [0]].map((shape) => [shape, 'float'] as const);
      backward = {
        dy,
        outputs: graph.node('FusedBatchNormGradV3', { inputs: [dy, x, scale, ...reserved], attributes, outputs: shapes }).outputs,
      };
    }
    return backward.outputs[index] as Value;
  };
  graph.record(output, [x, (dy) => gradient(dy, 0)], [scale, (dy) => gradient(dy, 1)], [offset, (dy) => gradient(dy, 2)]);
  return { output, mean, variance };
}

/** Batch normalisation by given statistics. Its gradient is not recorded. */
export function batchNormInference(
  graph: Graph,
  x: Value,
  values: BatchNormValues & { readonly mean: Value; readonly variance: Value },
  epsilon: number,
): Value {
  return graph.node('FusedBatchNormV3', {
    inputs: [x, values.scale, values.offset, values.mean, values.variance],
    attributes: { ...attributesOf(epsilon, false), exponential_avg_factor: { float: 1 } },
    outputs: forward(x.shape, values.scale.shape),
  }).outputs[0] as Value;
}
