import type { Graph } from './graph.ts';
import type { Shape, Value } from './types.ts';
import { floatingOf, sameShape, typeOf } from './types.ts';

const index = { type: 'int32' } as const;

/** A list of whole numbers as a constant vector. */
export function integers(graph: Graph, values: readonly number[]): Value {
  return graph.constant(values, [values.length], 'int32');
}

/** The value under another shape; one extent may be -1. */
export function reshape(graph: Graph, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const output = graph.operation('Reshape', [x, integers(graph, shape)], shape, { T: typeOf(x), Tshape: index });
  return graph.record(output, [x, (dy) => reshape(graph, dy, x.shape)]);
}

/** The sum over axes. With `keep` they stay as extents of 1. Its gradient is not recorded. */
function sumOver(graph: Graph, x: Value, axes: readonly number[], keep: boolean): Value {
  return reduce(graph, 'Sum', x, axes, keep);
}

/** The mean over axes. Its gradient is left to be repeated over them where it is added up. */
export function meanOver(graph: Graph, x: Value, axes: readonly number[], keep: boolean): Value {
  const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const count = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
  return graph.record(reduce(graph, 'Mean', x, axes, keep), [
    x,
    (dy) => {
      const scaled = graph.operation('Mul', [dy, graph.constant(1 / count, [], floatingOf([dy]))], dy.shape);
      return reshape(graph, scaled, kept);
    },
  ]);
}

function reduce(graph: Graph, op: string, x: Value, axes: readonly number[], keep: boolean): Value {
  const shape = keep
    ? x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : x.shape.filter((_, axis) => !axes.includes(axis));
  return graph.operation(op, [x, integers(graph, axes)], shape, { T: typeOf(x), Tidx: index, keep_dims: { bool: keep } });
}

/** The value repeated to a larger shape. Its gradient is not recorded. */
export function broadcast(graph: Graph, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  return graph.operation('BroadcastTo', [x, integers(graph, shape)], shape, { T: typeOf(x), Tidx: index });
}

/** The shape of two values combined element by element. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const left = [...Array<number>(rank - a.length).fill(1), ...a];
  const right = [...Array<number>(rank - b.length).fill(1), ...b];
  return left.map((extent, axis) => {
    const other = right[axis] as number;
    if (extent !== other && extent !== 1 && other !== 1)
      throw new Error(`The shapes [${a.join(', ')}] and [${b.join(', ')}] do not fit together.`);
    return extent === 1 ? other : extent;
  });
}

/** Undoes a broadcast in a gradient: the sum over all that was repeated. */
export function sumTo(graph: Graph, x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const offset = x.shape.length - shape.length;
  const axes = x.shape.flatMap((extent, axis) => (axis < offset || (shape[axis - offset] === 1 && extent !== 1) ? [axis] : []));
  return reshape(graph, sumOver(graph, x, axes, true), shape);
}
