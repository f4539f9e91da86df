import type { Graph } from '../graph/graph.ts';
import { meanOver } from '../graph/shapes.ts';
import type { Value } from '../graph/types.ts';

/**
 * The mean cross-entropy between softmax(logits) and labels, both [N, classes]. Labels are probabilities; a hard label is a one-hot row.
 * `smoothing` moves that share of every label evenly to all classes.
 */
export function crossEntropy(graph: Graph, logits: Value, labels: Value, smoothing = 0): Value {
  const [batch, classes] = logits.shape as readonly [number, number];
  const target = smoothing === 0 ? labels : smoothed(graph, labels, classes, smoothing);
  const { outputs } = graph.node('SoftmaxCrossEntropyWithLogits', {
    inputs: [logits, target],
    attributes: { T: { type: 'float' } },
    outputs: [
      [[batch], 'float'],
      [logits.shape, 'float'],
    ],
  });
  const [losses, slope] = outputs as [Value, Value];
  graph.record(losses, [
    logits,
    (dy) => {
      const column = graph.operation('ExpandDims', [dy, graph.constant(1, [], 'int32')], [batch, 1], {
        T: { type: 'float' },
        Tdim: { type: 'int32' },
      });
      return graph.operation('Mul', [slope, column], slope.shape);
    },
  ]);
  return meanOver(graph, losses, [0], false);
}

function smoothed(graph: Graph, labels: Value, classes: number, smoothing: number): Value {
  const scaled = graph.operation('Mul', [labels, graph.constant(1 - smoothing)], labels.shape);
  return graph.operation('AddV2', [scaled, graph.constant(smoothing / classes)], labels.shape);
}
