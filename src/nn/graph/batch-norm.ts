import { elements } from '../weights/tensor.ts';
import type { Activation } from '../network.ts';
import { activate } from './activations.ts';
import type { Graph } from './graph.ts';
import { isNormalisedWith, normalise } from './native.ts';
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

/** Batch normalisation with the activation that follows it. */
export interface BatchNormOptions {
  readonly epsilon: number;
  readonly activation?: Activation | undefined;
}

interface Normalised {
  readonly output: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/** Batch normalisation of [N, H, W, C] by the batch's own statistics, and an activation; also gives its mean and its unbiased variance. */
export function batchNormTraining(graph: Graph, x: Value, values: BatchNormValues, { epsilon, activation }: BatchNormOptions): Normalised {
  if (graph.isNative && x.type === 'float' && (activation === undefined || isNormalisedWith(activation))) {
    return normalise(graph, { x, ...values, epsilon, activation: activation ?? 'none' });
  }
  const normalised = plainBatchNorm(graph, x, values, epsilon);
  return activation === undefined ? normalised : { ...normalised, output: activate(graph, normalised.output, activation) };
}

function plainBatchNorm(graph: Graph, x: Value, { scale, offset }: BatchNormValues, epsilon: number): Normalised {
  if (x.type === 'bfloat16' && (scale.shape[0] as number) % LANES !== 0) {
    const statistics = plainBatchNorm(graph, cast(graph, x, 'float'), { scale, offset }, epsilon);
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
  // Several gradients may ask for it, or none.
  let line: ReturnType<typeof lineOf> | undefined;
  const inputs = (): Value[] => {
    line ??= lineOf(graph, mean as Value, inverseOf(graph, x, variance as Value, epsilon), { scale, offset });
    return [x, ...line];
  };
  graph.recomputable(output, { name: 'normalised', inputs, body: onLine });
  graph.record(output, [x, (dy) => gradient(dy, 0)], [scale, (dy) => gradient(dy, 1)], [offset, (dy) => gradient(dy, 2)]);
  return { output, mean, variance };
}

/** One through the deviation that batch norm divided by. */
function inverseOf(graph: Graph, x: Value, variance: Value, epsilon: number): Value {
  const count = elements(x.shape) / elements(variance.shape);
  // The batch's variance is unbiased, but normalised by the biased one.
  const biased = graph.operation('Mul', [variance, graph.constant((count - 1) / count)], variance.shape);
  return graph.operation('Rsqrt', [graph.operation('AddV2', [biased, graph.constant(epsilon)], variance.shape)], variance.shape);
}

/** The factor and the summand of each channel by which batch norm's output follows from x. */
function lineOf(graph: Graph, mean: Value, inverse: Value, { scale, offset }: BatchNormValues): readonly [factor: Value, summand: Value] {
  const each = (op: string, ...inputs: readonly Value[]): Value => graph.operation(op, inputs, scale.shape);
  const factor = each('Mul', scale, inverse);
  return [factor, each('Sub', offset, each('Mul', mean, factor))];
}

function onLine(graph: Graph, ...[x, factor, summand]: readonly Value[]): Value {
  const { shape } = x as Value;
  return graph.operation('AddV2', [graph.operation('Mul', [x as Value, factor as Value], shape), summand as Value], shape);
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
