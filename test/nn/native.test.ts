import { expect, test } from 'vitest';
import type { Numbers } from '../../src/nn/engine/session.ts';
import { openSession } from '../../src/nn/engine/session.ts';
import { activate } from '../../src/nn/graph/activations.ts';
import { batchNormTraining } from '../../src/nn/graph/batch-norm.ts';
import { convolution, inferenceConvolution } from '../../src/nn/graph/convolution.ts';
import { gradients } from '../../src/nn/graph/gradients.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import { meanOver, reshape } from '../../src/nn/graph/shapes.ts';
import { matrixProduct, multiply } from '../../src/nn/graph/arithmetic.ts';
import type { Value } from '../../src/nn/graph/types.ts';
import { elements } from '../../src/nn/weights/tensor.ts';
import { norm } from './rig.ts';

type Build = (graph: Graph, ...inputs: readonly Value[]) => Value;

const numbers = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from({ length: elements(shape) }, (_, index) => 2 * Math.sin(1.7 * index + seed) + Math.cos(0.3 * index));

/** A value and the gradients of a weighted sum of it, by Stillroom's operations and by TensorFlow's. */
function both(build: Build, shapes: readonly (readonly number[])[]): readonly [native: Numbers[], plain: Numbers[], operations: string[]] {
  let operations: string[] = [];
  const [native, plain] = [true, false].map((compiles) => {
    const graph = new Graph({ compiles });
    const inputs = shapes.map((shape, index) => graph.placeholder(`input${index}`, shape));
    const output = build(graph, ...inputs);
    const axes = output.shape.map((_, axis) => axis);
    const weights = graph.constant(numbers(output.shape, 5), output.shape);
    const slopes = gradients(graph, meanOver(graph, multiply(graph, output, weights), axes, false), inputs);
    if (compiles) operations = graph.nodes.map(({ op }) => op).filter((op) => op.startsWith('Stillroom'));
    const session = openSession(graph);
    const found = session.function(inputs, [output, ...slopes])(shapes.map(numbers));
    session.close();
    return found;
  }) as [Numbers[], Numbers[]];
  return [native, plain, operations];
}

function expectSame([native, plain]: readonly [Numbers[], Numbers[], string[]]): void {
  plain.forEach((expected, which) => {
    const difference = Array.from(expected).map((value, place) => value - (native[which]?.[place] as number));
    expect(norm(difference) / norm(expected)).toBeLessThan(1e-5);
  });
}

const paddings = [
  [3, 1, 1],
  [3, 2, 1],
  [5, 1, 2],
  [5, 2, 2],
  [3, 1, 0],
  [5, 2, 1],
  [3, 2, 'same'],
  [5, 2, 'same'],
] as const;

test.each(paddings.flatMap((own) => [16, 24, 5].map((channels) => [...own, channels] as const)))(
  'a depthwise kernel of %i, stride %i, padding %s, over %i channels is what TensorFlow computes',
  (kernel, stride, padding, channels) => {
    const shapes = [
      [3, 9, 12, channels],
      [kernel, kernel, channels, 1],
    ];
    const results = both((graph, x, weights) => convolution(graph, x, weights as Value, { stride, padding }, true), shapes);
    expect(results[2]).toHaveLength(3);
    expectSame(results);
  },
);

test.each(
  ([undefined, 'relu', 'relu6', 'hard-swish', 'swish'] as const).flatMap((activation) =>
    [16, 24, 5, 200].map((channels) => [activation ?? 'no activation', activation, channels] as const),
  ),
)('batch norm and %s over channels in one operation are what TensorFlow computes in two', (_name, activation, channels) => {
  const build: Build = (graph, x, scale, offset) =>
    batchNormTraining(graph, x, { scale: scale as Value, offset: offset as Value }, { epsilon: 1e-3, activation }).output;
  const results = both(build, [[5, 9, 11, channels], [channels], [channels]]);
  expect(results[2]).toEqual(['StillroomNormalise', 'StillroomNormaliseGradient']);
  expectSame(results);
});

test.each([16, 24, 5])('squeezing and exciting what is normalised, over %i channels, is what TensorFlow computes', (channels) => {
  const build: Build = (graph, x, scale, offset, weights) => {
    const values = { scale: scale as Value, offset: offset as Value };
    const y = batchNormTraining(graph, x, values, { epsilon: 1e-3, activation: 'hard-swish' }).output;
    const squeezed = reshape(graph, meanOver(graph, y, [1, 2], true), [3, channels]);
    const gate = activate(graph, matrixProduct(graph, squeezed, weights as Value), 'sigmoid');
    return multiply(graph, y, reshape(graph, gate, [3, 1, 1, channels]));
  };
  const results = both(build, [[3, 9, 11, channels], [channels], [channels], [channels, channels]]);
  expect(results[2]).toEqual(['StillroomNormalise', 'StillroomGateGradient', 'StillroomGatedNormaliseGradient']);
  expectSame(results);
});

test('a batch norm of one place per channel has a variance of 0', () => {
  const graph = new Graph();
  const values = { scale: graph.constant([1, 2, 3], [3]), offset: graph.constant([4, 5, 6], [3]) };
  const { output, mean, variance } = batchNormTraining(graph, graph.constant([7, 8, 9], [1, 1, 1, 3]), values, { epsilon: 1e-3 });
  const session = openSession(graph);
  expect(
    session
      .function(
        [],
        [output, mean, variance],
      )([])
      .map((found) => Array.from(found)),
  ).toEqual([
    [4, 5, 6],
    [7, 8, 9],
    [0, 0, 0],
  ]);
  session.close();
});

test('what is no number stays so, through an activation that cuts off too', () => {
  for (const activation of ['relu', 'relu6', 'hard-swish', 'swish'] as const) {
    const graph = new Graph();
    const values = { scale: graph.constant([1], [1]), offset: graph.constant([0], [1]) };
    const x = graph.constant([1, Number.NaN, 2], [1, 3, 1, 1]);
    const { output } = batchNormTraining(graph, x, values, { epsilon: 1e-3, activation });
    const session = openSession(graph);
    const [found] = session.function([], [output])([]);
    session.close();
    expect(Array.from(found as Numbers)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  }
});

test('graphs that infer, and those of a GPU, hold none of the operations', () => {
  const graph = new Graph();
  const [x, weights] = [graph.placeholder('x', [1, 8, 8, 16]), graph.placeholder('weights', [3, 3, 16, 1])];
  inferenceConvolution(graph, x, weights, { stride: 1, padding: 1 }, true);
  inferenceConvolution(graph, x, weights, { stride: 2, padding: 1 }, true);
  expect(graph.nodes.filter(({ op }) => op.startsWith('Stillroom'))).toEqual([]);
});
