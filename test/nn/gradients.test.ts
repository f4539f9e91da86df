import { describe, expect, test } from 'vitest';
import type { Numbers } from '../../src/nn/engine/session.ts';
import { openSession } from '../../src/nn/engine/session.ts';
import { activate } from '../../src/nn/graph/activations.ts';
import { add, addBias, matrixProduct, multiply, subtract } from '../../src/nn/graph/arithmetic.ts';
import { batchNormTraining } from '../../src/nn/graph/batch-norm.ts';
import { concatenate, shuffleChannels, sliceChannels } from '../../src/nn/graph/channels.ts';
import { convolution } from '../../src/nn/graph/convolution.ts';
import { unitVectors } from '../../src/nn/graph/directions.ts';
import { gradients } from '../../src/nn/graph/gradients.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import { cast } from '../../src/nn/graph/precision.ts';
import { averagePool, maxPool } from '../../src/nn/graph/pooling.ts';
import { keepMask } from '../../src/nn/graph/random.ts';
import { meanOver, reshape } from '../../src/nn/graph/shapes.ts';
import type { Value } from '../../src/nn/graph/types.ts';
import { reference } from '../../src/nn/graph/types.ts';
import { crossEntropy, smoothed } from '../../src/nn/losses/parts/cross-entropy.ts';
import { elements } from '../../src/nn/weights/tensor.ts';
import { norm } from './rig.ts';

/** Numbers between −2 and 2 that keep clear of the kinks of piecewise functions (−3, 0 and 3). */
function numbers(shape: readonly number[], seed: number): Float32Array {
  return Float32Array.from({ length: elements(shape) }, (_, index) => {
    const wave = Math.sin(1.7 * index + seed + 1);
    return wave + 0.6 * Math.sign(wave);
  });
}

type Build = (graph: Graph, ...inputs: readonly Value[]) => Value;

/** Compares the gradient of a weighted sum of the output with central differences, for every element of every input. */
function checkGradients(build: Build, shapes: readonly (readonly number[])[]): void {
  const graph = new Graph();
  const inputs = shapes.map((shape, index) => graph.placeholder(`input${index}`, shape));
  const output = build(graph, ...inputs);
  const weights = graph.constant(numbers(output.shape, 5), output.shape);
  const weighted = multiply(graph, output, weights);
  const scalar = meanOver(
    graph,
    weighted,
    weighted.shape.map((_, axis) => axis),
    false,
  );
  const slopes = gradients(graph, scalar, inputs);
  const session = openSession(graph);
  const call = session.function(inputs, [scalar, ...slopes]);
  const values = shapes.map((shape, index) => numbers(shape, index));
  const [, ...analytic] = call(values);
  values.forEach((value, which) => {
    const numeric = value.map((middle, place) => {
      const at = (change: number): number => {
        value[place] = middle + change;
        const [result] = call(values) as [Float32Array];
        value[place] = middle;
        return result[0] as number;
      };
      return (at(0.02) - at(-0.02)) / 0.04;
    });
    const scale = Math.max(...numeric.map(Math.abs), 1e-3);
    numeric.forEach((slope, place) => {
      expect(Math.abs(slope - (analytic[which]?.[place] ?? Number.NaN)) / scale).toBeLessThan(0.01);
    });
  });
  session.close();
}

const operations: readonly (readonly [string, Build, readonly (readonly number[])[]])[] = [
  [
    'addition',
    add,
    [
      [2, 3],
      [2, 3],
    ],
  ],
  ['addition, broadcast', add, [[2, 3], [3]]],
  ['subtraction, broadcast', subtract, [[3], [2, 3]]],
  [
    'multiplication',
    multiply,
    [
      [2, 3],
      [2, 3],
    ],
  ],
  [
    'multiplication of an image by a gate',
    multiply,
    [
      [2, 3, 3, 2],
      [2, 1, 1, 2],
    ],
  ],
  ['a value that is used twice', (graph, x) => multiply(graph, x, add(graph, x, x)), [[4]]],
  ['a value that is used three times', (graph, x) => add(graph, multiply(graph, x, x), x), [[4]]],
  [
    'matrix product',
    matrixProduct,
    [
      [3, 4],
      [4, 2],
    ],
  ],
  ['bias', addBias, [[2, 2, 2, 3], [3]]],
  ['mean over the image', (graph, x) => meanOver(graph, x, [1, 2], true), [[2, 3, 3, 2]]],
  ['mean over the image, dropped axes', (graph, x) => meanOver(graph, x, [1, 2], false), [[2, 3, 3, 2]]],
  ['reshape', (graph, x) => reshape(graph, x, [2, 6]), [[3, 4]]],
  [
    '1 × 1 convolution',
    (graph, x, w) => convolution(graph, x, w, { stride: 1, padding: 0 }, false),
    [
      [2, 2, 2, 3],
      [1, 1, 3, 2],
    ],
  ],
  [
    '1 × 1 convolution, stride 2',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 0 }, false),
    [
      [1, 4, 4, 2],
      [1, 1, 2, 2],
    ],
  ],
  [
    '3 × 3 convolution',
    (graph, x, w) => convolution(graph, x, w, { stride: 1, padding: 1 }, false),
    [
      [1, 4, 4, 2],
      [3, 3, 2, 2],
    ],
  ],
  [
    '3 × 3 convolution, stride 2, even extent',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 1 }, false),
    [
      [1, 4, 4, 2],
      [3, 3, 2, 2],
    ],
  ],
  [
    '3 × 3 convolution, stride 2, odd extent',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 1 }, false),
    [
      [1, 5, 5, 1],
      [3, 3, 1, 2],
    ],
  ],
  [
    'depthwise convolution',
    (graph, x, w) => convolution(graph, x, w, { stride: 1, padding: 1 }, true),
    [
      [1, 4, 4, 2],
      [3, 3, 2, 1],
    ],
  ],
  [
    '5 × 5 depthwise convolution, stride 2',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 2 }, true),
    [
      [1, 6, 6, 2],
      [5, 5, 2, 1],
    ],
  ],
  [
    '3 × 3 convolution, stride 2, TensorFlow’s padding',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 'same' }, false),
    [
      [1, 4, 4, 2],
      [3, 3, 2, 2],
    ],
  ],
  [
    '5 × 5 depthwise convolution, stride 2, TensorFlow’s padding',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 'same' }, true),
    [
      [1, 6, 5, 2],
      [5, 5, 2, 1],
    ],
  ],
  [
    'grouped convolution',
    (graph, x, w) => convolution(graph, x, w, { stride: 1, padding: 1 }, false),
    [
      [2, 4, 4, 8],
      [3, 3, 2, 8],
    ],
  ],
  [
    'grouped convolution, stride 2',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 1 }, false),
    [
      [2, 5, 5, 8],
      [3, 3, 2, 8],
    ],
  ],
  ['max-pool', (graph, x) => maxPool(graph, x, { kernel: 2, stride: 2, padding: 0 }), [[1, 4, 4, 3]]],
  ['max-pool, overlapping and padded', (graph, x) => maxPool(graph, x, { kernel: 3, stride: 2, padding: 1 }), [[1, 6, 6, 2]]],
  ['average-pool', (graph, x) => averagePool(graph, x, { kernel: 2, stride: 2 }), [[2, 5, 4, 2]]],
  [
    'concatenation',
    (graph, a, b, c) => concatenate(graph, [a, b, c]),
    [
      [2, 2, 2, 3],
      [2, 2, 2, 1],
      [2, 2, 2, 2],
    ],
  ],
  ['a slice of the channels', (graph, x) => sliceChannels(graph, x, 1, 2), [[2, 2, 2, 4]]],
  ['a channel shuffle', (graph, x) => shuffleChannels(graph, x, 2), [[2, 2, 2, 6]]],
  ['directions, along rows', (graph, x) => unitVectors(graph, x, 1), [[3, 4]]],
  ['directions, along columns', (graph, x) => unitVectors(graph, x, 0), [[3, 4]]],
  [
    'batch norm',
    (graph, x, scale, offset) => batchNormTraining(graph, x, { scale, offset }, { epsilon: 1e-3 }).output,
    [[3, 2, 2, 2], [2], [2]],
  ],
  ['cross-entropy', (graph, x) => crossEntropy(graph, x, graph.constant([0.5, 0.5, 0, 0, 1, 0], [2, 3])), [[2, 3]]],
  [
    'smoothed cross-entropy',
    (graph, x) => crossEntropy(graph, x, smoothed(graph, graph.constant([0.5, 0.5, 0, 0, 1, 0], [2, 3]), 0.1)),
    [[2, 3]],
  ],
  ['a random mask', (graph, x) => multiply(graph, x, keepMask(graph, graph.constant([3, 4], [2], 'int32'), 1, [2, 8], 0.5)), [[2, 8]]],
];

test.each(operations)('the gradient of %s is that of finite differences', (_name, build, shapes) => {
  checkGradients(build, shapes);
});

/** Operations that networks compute in bfloat16: all but losses, cosines and what itself chooses its type. */
const low: typeof operations = [
  ...operations.filter(([name]) => !/entropy|directions|mask|batch norm/.test(name)),
  [
    'depthwise convolution, stride 2, even extent',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 1 }, true),
    [
      [2, 6, 8, 3],
      [3, 3, 3, 1],
    ],
  ],
  [
    'depthwise convolution, stride 2, odd extent',
    (graph, x, w) => convolution(graph, x, w, { stride: 2, padding: 1 }, true),
    [
      [2, 5, 6, 3],
      [3, 3, 3, 1],
    ],
  ],
  [
    '5 × 5 depthwise convolution',
    (graph, x, w) => convolution(graph, x, w, { stride: 1, padding: 2 }, true),
    [
      [2, 6, 6, 3],
      [5, 5, 3, 1],
    ],
  ],
  ...[16, 6].map((channels): (typeof operations)[number] => [
    `batch norm of ${channels} channels`,
    (graph, x) =>
      batchNormTraining(graph, x, { scale: variableLike(graph, channels), offset: variableLike(graph, channels) }, { epsilon: 1e-3 })
        .output,
    [[3, 4, 4, channels]],
  ]),
  ...(['relu', 'relu6', 'sigmoid', 'swish', 'hard-sigmoid', 'hard-swish'] as const).map((name): (typeof operations)[number] => [
    name,
    (graph, x) => activate(graph, x, name),
    [[3, 7]],
  ]),
  ...(['swish', 'hard-swish'] as const).map((name): (typeof operations)[number] => [
    `${name}, compiled`,
    (graph, x) => activate(graph, x, name),
    [[2 ** 17]],
  ]),
];

function variableLike(graph: Graph, channels: number): Value {
  return graph.constant(
    Array.from({ length: channels }, (_, channel) => 1 + 0.1 * channel),
    [channels],
  );
}

test.each(low)('%s of bfloat16 and its gradient are close to those of float32', (_name, build, shapes) => {
  const [exact, rough] = (['float', 'bfloat16'] as const).map((type) => {
    const graph = new Graph();
    const inputs = shapes.map((shape, index) => graph.placeholder(`input${index}`, shape));
    const output = build(graph, ...inputs.map((input) => cast(graph, input, type)));
    expect(output.type).toBe(type);
    const wide = cast(graph, output, 'float');
    const weighted = multiply(graph, wide, graph.constant(numbers(output.shape, 5), output.shape));
    const scalar = meanOver(graph, reshape(graph, weighted, [elements(weighted.shape)]), [0], false);
    const outputs = [wide, ...gradients(graph, scalar, inputs)];
    const session = openSession(graph);
    const found = session.function(inputs, outputs)(shapes.map((shape, index) => numbers(shape, index)));
    session.close();
    return found;
  }) as [Numbers[], Numbers[]];
  exact.forEach((numbers, which) => {
    const expected = Array.from(numbers);
    const difference = expected.map((own, place) => own - ((rough[which] as Numbers)[place] as number));
    expect(norm(difference) / norm(expected)).toBeLessThan(0.02);
  });
});

test.each(['relu', 'relu6', 'sigmoid', 'swish', 'hard-sigmoid', 'hard-swish'] as const)(
  'the gradient of %s is that of finite differences',
  (name) => {
    checkGradients((graph, x) => activate(graph, multiply(graph, x, graph.constant(2.4)), name), [[3, 7]]);
  },
);

test.each(['hard-swish', 'swish'] as const)('%s of a large value, compiled, is what its operations give', (activation) => {
  const shape = [2 ** 17];
  const value = Float32Array.from({ length: 2 ** 17 }, (_, index) => 5 * Math.sin(1.7 * index));
  const results = [true, false].map((compiles) => {
    const graph = new Graph({ compiles });
    const x = graph.placeholder('x', shape);
    const y = activate(graph, x, activation);
    const slopes = gradients(graph, meanOver(graph, multiply(graph, y, y), [0], false), [x]);
    expect(graph.functions.size).toBe(compiles ? 3 : 0);
    const session = openSession(graph);
    const found = session.function([x], [y, ...slopes])([value]);
    session.close();
    return found;
  });
  expectClose(results, 1e-6);
});

test.each(['hard-swish', 'swish'] as const)(
  'batch norm, %s and a gate over large values keep none of it for the gradient',
  (activation) => {
    const shape = [8, 16, 16, 72];
    const value = Float32Array.from({ length: elements(shape) }, (_, index) => Math.sin(1.7 * index) + (index % 72) / 20);
    const gates = Float32Array.from({ length: 8 * 72 }, (_, index) => 0.5 + 0.4 * Math.cos(index));
    const results = [true, false].map((compiles) => {
      const graph = new Graph({ compiles });
      const [x, gate] = [graph.placeholder('x', shape), graph.placeholder('gate', [8, 1, 1, 72])];
      const [scale, offset] = [variableLike(graph, 72), variableLike(graph, 72)];
      const y = batchNormTraining(graph, x, { scale, offset }, { epsilon: 1e-3, activation }).output;
      const gated = multiply(graph, y, gate);
      const slopes = gradients(graph, meanOver(graph, multiply(graph, gated, gated), [0, 1, 2, 3], false), [x, gate, scale, offset]);
      const readers = (of: Value): number => graph.nodes.filter(({ inputs }) => inputs.includes(reference(of))).length;
      expect(readers(y) === 1).toBe(compiles);
      const session = openSession(graph);
      const found = session.function([x, gate], [gated, ...slopes])([value, gates]);
      session.close();
      return found;
    });
    expectClose(results, 2e-5);
  },
);

/** Expects numbers of the first, compiled, to be those of the second, relative to the largest of each. */
function expectClose([compiled = [], plain = []]: readonly Numbers[][], tolerance: number): void {
  expect(compiled).toHaveLength(plain.length);
  compiled.forEach((numbers, which) => {
    const expected = Array.from(plain[which] as Numbers);
    const scale = expected.reduce((largest, own) => Math.max(largest, Math.abs(own)), 0);
    const worst = Array.from(numbers).reduce((largest, own, place) => Math.max(largest, Math.abs(own - (expected[place] as number))), 0);
    expect(worst / scale).toBeLessThan(tolerance);
  });
}

describe('the graph refuses', () => {
  test('a gradient of what the scalar does not depend on', () => {
    const graph = new Graph();
    const [x, y] = [graph.placeholder('x', [2]), graph.placeholder('y', [2])];
    const scalar = meanOver(graph, x, [0], false);
    expect(() => gradients(graph, scalar, [y])).toThrow('"y" does not act on the scalar');
  });

  test('shapes that do not fit', () => {
    const graph = new Graph();
    expect(() => add(graph, graph.constant([1, 2], [2]), graph.constant([1, 2, 3], [3]))).toThrow('[2] and [3] do not fit');
  });

  test('channels that cannot be taken or shuffled', () => {
    const graph = new Graph();
    const x = graph.placeholder('x', [1, 2, 2, 6]);
    expect(() => sliceChannels(graph, x, 4, 3)).toThrow('3 channels from 4 on cannot be taken of 6');
    expect(() => shuffleChannels(graph, x, 4)).toThrow('6 channels are not 4 equal groups');
    expect(() => concatenate(graph, [])).toThrow('nothing to concatenate');
  });

  test('two nodes of one name', () => {
    const graph = new Graph();
    graph.placeholder('x', [2]);
    expect(() => graph.placeholder('x', [2])).toThrow('already has a node "x"');
  });
});
