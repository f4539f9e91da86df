import type { Activation } from '../network.ts';
import type { Graph } from './graph.ts';
import type { Value } from './types.ts';

type Function_ = (graph: Graph, x: Value) => Value;

const unary = (graph: Graph, op: string, x: Value): Value => graph.operation(op, [x], x.shape);
const binary = (graph: Graph, op: string, a: Value, b: Value): Value =>
  graph.operation(op, [a, b], a.shape.length === 0 ? b.shape : a.shape);

const relu: Function_ = (graph, x) => {
  const y = unary(graph, 'Relu', x);
  return graph.record(y, [x, (dy) => binary(graph, 'ReluGrad', dy, y)]);
};

const relu6: Function_ = (graph, x) => {
  const y = unary(graph, 'Relu6', x);
  return graph.record(y, [x, (dy) => binary(graph, 'Relu6Grad', dy, y)]);
};

const sigmoid: Function_ = (graph, x) => {
  const y = unary(graph, 'Sigmoid', x);
  return graph.record(y, [x, (dy) => binary(graph, 'SigmoidGrad', y, dy)]);
};

/** min(max(x + 3, 0), 6) / 6 */
const hardSigmoid: Function_ = (graph, x) => {
  const sixth = graph.constant(1 / 6);
  const clipped = unary(graph, 'Relu6', binary(graph, 'AddV2', x, graph.constant(3)));
  const y = binary(graph, 'Mul', clipped, sixth);
  return graph.record(y, [x, (dy) => binary(graph, 'Relu6Grad', binary(graph, 'Mul', dy, sixth), clipped)]);
};

/** x · hard-sigmoid(x); its derivative is h + [0 < x + 3 < 6] · x / 6, where h is the hard sigmoid. */
const hardSwish: Function_ = (graph, x) => {
  const sixth = graph.constant(1 / 6);
  const clipped = unary(graph, 'Relu6', binary(graph, 'AddV2', x, graph.constant(3)));
  const gate = binary(graph, 'Mul', clipped, sixth);
  const y = binary(graph, 'Mul', x, gate);
  return graph.record(y, [
    x,
    (dy) => {
      const slope = binary(graph, 'Mul', binary(graph, 'Relu6Grad', x, clipped), sixth);
      return binary(graph, 'Mul', dy, binary(graph, 'AddV2', gate, slope));
    },
  ]);
};

/** x · sigmoid(x); its derivative is s + y · (1 − s), where s is the sigmoid and y the value. */
const swish: Function_ = (graph, x) => {
  const gate = unary(graph, 'Sigmoid', x);
  const y = binary(graph, 'Mul', x, gate);
  return graph.record(y, [
    x,
    (dy) => {
      const rest = binary(graph, 'Mul', y, binary(graph, 'Sub', graph.constant(1), gate));
      return binary(graph, 'Mul', dy, binary(graph, 'AddV2', gate, rest));
    },
  ]);
};

const functions: Readonly<Record<Activation, Function_>> = {
  relu,
  relu6,
  sigmoid,
  swish,
  'hard-sigmoid': hardSigmoid,
  'hard-swish': hardSwish,
};

/** Applies an activation function, element by element. */
export function activate(graph: Graph, x: Value, activation: Activation): Value {
  return functions[activation](graph, x);
}
