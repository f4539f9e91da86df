import type { Graph } from './graph.ts';
import { cast } from './precision.ts';
import { integers } from './shapes.ts';
import type { Floating, Shape, Value } from './types.ts';
import { float } from './types.ts';

/**
 * Keeps each element with the probability `1 − drop`, scaled so that the expectation stays the same: 0 or 1 / (1 − drop). The draw
 * depends on nothing but `key` (two int32 numbers) and `stream`, so the same step of a training draws the same mask whenever it is run.
 */
export function keepMask(graph: Graph, key: Value, stream: number, shape: Shape, drop: number, type: Floating = 'float'): Value {
  const pair = [[2], 'int32'] as const;
  const own = graph.node('AddV2', {
    inputs: [key, integers(graph, [Math.imul(stream + 1, 0x9e3779b1), 0])],
    attributes: { T: { type: 'int32' } },
    outputs: [pair],
  }).outputs[0] as Value;
  const uniform = graph.operation('StatelessRandomUniform', [integers(graph, shape), own], shape, {
    dtype: float,
    T: { type: 'int32' },
    Tseed: { type: 'int32' },
  });
  const kept = graph.node('GreaterEqual', {
    inputs: [uniform, graph.constant(drop)],
    attributes: { T: float },
    outputs: [[shape, 'bool']],
  });
  const numbers = cast(graph, kept.outputs[0] as Value, 'float');
  return cast(graph, graph.operation('Mul', [numbers, graph.constant(1 / (1 - drop))], shape), type);
}
