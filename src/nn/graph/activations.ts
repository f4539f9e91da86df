import type { Activation } from '../network.ts';
import type { Graph } from './graph.ts';
import type { Value } from './types.ts';
import { floatingOf } from './types.ts';

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
  const sixth = graph.constant(1 / 6, [], floatingOf([x]));
  const clipped = unary(graph, 'Relu6', binary(graph, 'AddV2', x, graph.constant(3, [], floatingOf([x]))));
  const y = binary(graph, 'Mul', clipped, sixth);
  return graph.record(y, [x, (dy) => binary(graph, 'Relu6Grad', binary(graph, 'Mul', dy, sixth), clipped)]);
};

/** A function of which the graph keeps nothing but x for its gradient, and not even that where x is recomputable. */
const compiled =
  (name: string, value: Function_, gradient: (graph: Graph, x: Value, dy: Value) => Value): Function_ =>
  (graph, x) => {
    const y = graph.compiled(name, [x], value);
    graph.recomputable(y, { name, inputs: () => [x], body: value });
    return graph.record(y, [x, (dy) => graph.recomputed(`${name}_gradient`, [x, dy], gradient)]);
  };

/** x · hard-sigmoid(x) */
const hardSwish = compiled('hard_swish', hardSwishValue, hardSwishGradient);

function hardSwishValue(graph: Graph, x: Value): Value {
  return binary(graph, 'Mul', x, hardSigmoid(graph, x));
}

/** The derivative is h + [0 < x + 3 < 6] · x / 6, where h is the hard sigmoid. */
function hardSwishGradient(graph: Graph, x: Value, dy: Value): Value {
  const clipped = unary(graph, 'Relu6', binary(graph, 'AddV2', x, graph.constant(3, [], floatingOf([x]))));
  const slope = binary(graph, 'AddV2', clipped, binary(graph, 'Relu6Grad', x, clipped));
  return binary(graph, 'Mul', dy, binary(graph, 'Mul', slope, graph.constant(1 / 6, [], floatingOf([x]))));
}

/** x · sigmoid(x) */
const swish = compiled('swish', swishValue, swishGradient);

function swishValue(graph: Graph, x: Value): Value {
  return binary(graph, 'Mul', x, unary(graph, 'Sigmoid', x));
}

/** The derivative is s + x · s · (1 − s), where s is the sigmoid. */
function swishGradient(graph: Graph, x: Value, dy: Value): Value {
  const gate = unary(graph, 'Sigmoid', x);
  return binary(graph, 'Mul', dy, binary(graph, 'AddV2', gate, binary(graph, 'SigmoidGrad', gate, x)));
}

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

/** The same without gradients, in operations that any program which reads the graph knows. */
export function activateForInference(graph: Graph, x: Value, activation: Activation): Value {
  if (activation === 'hard-swish') return hardSwishValue(graph, x);
  return activation === 'swish' ? swishValue(graph, x) : activate(graph, x, activation);
}
