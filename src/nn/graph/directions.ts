import type { Graph } from './graph.ts';
import { integers } from './shapes.ts';
import type { Value } from './types.ts';
import { float } from './types.ts';

/** Lengths below this count as this, so that a vector of zeros stays one: torch's `normalize`. */
const SHORTEST = 1e-12;

/** The vectors along an axis, made 1 long. */
export function unitVectors(graph: Graph, x: Value, axis: number): Value {
  const single = x.shape.map((extent, own) => (own === axis ? 1 : extent));
  const sum = (value: Value): Value =>
    graph.operation('Sum', [value, integers(graph, [axis])], single, { T: float, Tidx: { type: 'int32' }, keep_dims: { bool: true } });
  const times = (a: Value, b: Value): Value => graph.operation('Mul', [a, b], x.shape);
  const squares = graph.operation('Maximum', [sum(times(x, x)), graph.constant(SHORTEST ** 2)], single);
  const inverse = graph.operation('Rsqrt', [squares], single);
  const output = times(x, inverse);
  return graph.record(output, [x, (dy) => times(graph.operation('Sub', [dy, times(output, sum(times(dy, output)))], x.shape), inverse)]);
}
