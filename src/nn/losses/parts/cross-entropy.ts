import type { Graph } from '../../graph/graph.ts';
import { meanOver } from '../../graph/shapes.ts';
import type { Value } from '../../graph/types.ts';

/** The mean cross-entropy between softmax(logits) and labels, both [N, classes]. Labels are probabilities; a hard label is a one-hot row. */
export function crossEntropy(graph: Graph, logits: Value, labels: Value): Value {
  const { outputs } = graph.node('SoftmaxCrossEntropyWithLogits', {
    inputs: [logits, labels],
    attributes: { T: { type: 'float' } },
    outputs: [
      [logits.shape.slice(0, 1), 'float'],
      [logits.shape, 'float'],
    ],
  });
  const [losses, slope] = outputs as [Value, Value];
  return meanOver(graph, recordRows(graph, losses, logits, slope), [0], false);
}

/** Labels of which a share is spread evenly over all classes. */
export function smoothed(graph: Graph, labels: Value, smoothing: number): Value {
  if (smoothing === 0) return labels;
  const scaled = graph.operation('Mul', [labels, graph.constant(1 - smoothing)], labels.shape);
  return graph.operation('AddV2', [scaled, graph.constant(smoothing / (labels.shape[1] as number))], labels.shape);
}

/** Records that a row's loss [N] moves by `slope` [N, classes] with the logits of that row. */
export function recordRows(graph: Graph, losses: Value, logits: Value, slope: Value): Value {
  return graph.record(losses, [
    logits,
    (dy) => {
      const types = { T: { type: 'float' }, Tdim: { type: 'int32' } } as const;
      const column = graph.operation('ExpandDims', [dy, graph.constant(1, [], 'int32')], [logits.shape[0] as number, 1], types);
      return graph.operation('Mul', [slope, column], slope.shape);
    },
  ]);
}
