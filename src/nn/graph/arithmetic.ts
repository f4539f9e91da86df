import { gateGradient, isGate, noteGated } from './gates.ts';
import type { Graph } from './graph.ts';
import { broadcastShape, sumTo } from './shapes.ts';
import type { Value } from './types.ts';
import { typeOf } from './types.ts';

/** a + b, element by element, either broadcast. */
export function add(graph: Graph, a: Value, b: Value): Value {
  const output = graph.operation('AddV2', [a, b], broadcastShape(a.shape, b.shape));
  return graph.record(output, [a, (dy) => sumTo(graph, dy, a.shape)], [b, (dy) => sumTo(graph, dy, b.shape)]);
}

/** a − b, element by element, either broadcast. */
export function subtract(graph: Graph, a: Value, b: Value): Value {
  const output = graph.operation('Sub', [a, b], broadcastShape(a.shape, b.shape));
  const negative = (dy: Value): Value => graph.operation('Neg', [dy], dy.shape);
  return graph.record(output, [a, (dy) => sumTo(graph, dy, a.shape)], [b, (dy) => sumTo(graph, negative(dy), b.shape)]);
}

/** a · b, element by element, either broadcast. */
export function multiply(graph: Graph, a: Value, b: Value): Value {
  const output = graph.operation('Mul', [a, b], broadcastShape(a.shape, b.shape));
  const product = (inner: Graph, ...[dy, other]: readonly Value[]): Value =>
    inner.operation('Mul', [dy as Value, other as Value], output.shape);
  const times = (dy: Value, other: Value): Value =>
    graph.isRecomputable(other) ? graph.recomputed('product', [dy, other], product) : product(graph, dy, other);
  const ofFirst = (dy: Value): Value => {
    const slope = times(dy, b);
    if (isGate(b, a)) noteGated(slope, dy, b);
    return sumTo(graph, slope, a.shape);
  };
  return graph.record(output, [a, ofFirst], [b, (dy) => gateGradient(a, b, dy) ?? sumTo(graph, times(dy, a), b.shape)]);
}

/** The matrix product of [rows, inner] and [inner, columns]. */
export function matrixProduct(graph: Graph, a: Value, b: Value): Value {
  const product = (x: Value, y: Value, flipX: boolean, flipY: boolean): Value => {
    const shape = [x.shape[flipX ? 1 : 0] as number, y.shape[flipY ? 0 : 1] as number];
    return graph.operation('MatMul', [x, y], shape, { T: typeOf(x), transpose_a: { bool: flipX }, transpose_b: { bool: flipY } });
  };
  return graph.record(product(a, b, false, false), [a, (dy) => product(dy, b, false, true)], [b, (dy) => product(a, dy, true, false)]);
}

/** Adds a bias to the last axis. */
export function addBias(graph: Graph, x: Value, bias: Value): Value {
  const attributes = { T: typeOf(x), data_format: { text: 'NHWC' } };
  const output = graph.operation('BiasAdd', [x, bias], x.shape, attributes);
  return graph.record(output, [x, (dy) => dy], [bias, (dy) => graph.operation('BiasAddGrad', [dy], bias.shape, attributes)]);
}
