import type { Graph } from './graph.ts';
import type { Attributes, Shape, Value } from './types.ts';
import { cast } from './precision.ts';
import { float, typeOf } from './types.ts';

/** What batch normalisation reads: a vector per channel each. */
export interface BatchNormValues {
  readonly scale: Value;
  readonly offset: Value;
}

/** Where the channels are no multiple of this, oneDNN's batch norm of bfloat16 takes four times as long as float32's. */
const LANES = 16;

function attributesOf(x: Value, epsilon: number, training: boolean): Attributes {
  return { T: typeOf(x), U: float, epsilon: { float: epsilon }, data_format: { text: 'NHWC' }, is_training: { bool: training } };
}

const forward = (x: Value, channels: Shape) => [
  [x.shape, x.type] as const,
  ...Array.from({ length: 5 }, () => [channels, 'float'] as const),
];

/** Batch normalisation of [N, H, W, C] by the batch's own statistics; also gives its mean and its unbiased variance. */
export function batchNormTraining(
  graph: Graph,
  x: Value,
  { scale, offset }: BatchNormValues,
  epsilon: number,
): { readonly output: Value; readonly mean: Value; readonly variance: Value } {
  if (x.type === 'bfloat16' && (scale.shape[0] as number) % LANES !== 0) {
    const statistics = batchNormTraining(graph, cast(graph, x, 'float'), { scale, offset }, epsilon);
    return { ...statistics, output: cast(graph, statistics.output, x.type) };
  }
  const attributes = attributesOf(x, epsilon, true);
  const empty = graph.constant([], [0]);
  const { outputs } = graph.node('FusedBatchNormV3', {
    inputs: [x, scale, offset, empty, empty],
    attributes: { ...attributes, exponential_avg_factor: { float: 1 } },
    outputs: forward(x, scale.shape),
  });
  const [output, mean, variance, ...reserved] = outputs as [Value, Value, Value, Value, Value, Value];
  let backward: { readonly dy: Value; readonly outputs: Value[] } | undefined;
  const gradient = (dy: Value, index: number): Value => {
    if (backward?.dy !== dy) {
      const outputs = [[x.shape, x.type] as const, ...[scale.shape, scale.shape, [0], [0]].map((shape) => [shape, 'float'] as const)];
      backward = {
        dy,
        outputs: graph.node('FusedBatchNormGradV3', { inputs: [dy, x, scale, ...reserved], attributes, outputs }).outputs,
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
    attributes: { ...attributesOf(x, epsilon, false), exponential_avg_factor: { float: 1 } },
    outputs: forward(x, values.scale.shape),
  }).outputs[0] as Value;
}
