import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { float } from '../../src/nn/graph/types.ts';
import { parametersOf } from '../../src/nn/layers/parameters.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import efficientNetB1 from '../../src/nn/models/efficientnet-b1.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import type { Architecture } from '../../src/nn/network.ts';
import type { Optimizer } from '../../src/nn/optimization/optimizer.ts';
import { openTrainer } from '../../src/nn/training/step.ts';
import { elements } from '../../src/nn/weights/tensor.ts';
import { fixture, formulaImages, formulaWeights, norm, relativeError, withoutDropping } from './rig.ts';

interface Reference {
  readonly stemStride: 1 | 2;
  readonly parameters: number;
  readonly tensors: string;
  readonly logits: readonly number[];
  readonly loss: number;
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly statisticNorms: Readonly<Record<string, number>>;
}

const [SIZE, BATCH, CLASSES] = [64, 2, 10];

const architectures: readonly (readonly [string, Architecture])[] = [
  ['mobilenet-v3-small', mobileNetV3Small],
  ['efficientnet-b0', efficientNetB0],
  ['efficientnet-b1', efficientNetB1],
];

/** Moves nothing; keeps each gradient where the test can read it. */
const gradientKeeper: Optimizer = {
  slots: ['gradient'],
  scalars: () => ({}),
  update: (graph, { gradient, slots }) =>
    graph.node('AssignVariableOp', { inputs: [slots['gradient']?.handle ?? gradient, gradient], attributes: { dtype: float } }).name,
};

function labels(): Float32Array {
  const rows = new Float32Array(BATCH * CLASSES);
  rows[3] = 0.75;
  rows[5] = 0.25;
  rows[CLASSES + 7] = 1;
  return rows;
}

const cases = architectures.flatMap(([name, architecture]) =>
  fixture<Reference[]>(name).map((reference) => ({ name, architecture, reference, stride: reference.stemStride })),
);

describe.each(cases)('$name with stem stride $stride is torchvision’s', ({ architecture, reference }) => {
  const network = withoutDropping(architecture({ classes: CLASSES, channels: 3, stemStride: reference.stemStride }));

  test('in the names, shapes and number of its parameters', () => {
    const parameters = parametersOf(network);
    const lines = parameters.map(({ name, shape }) => `${name} ${shape.join(', ')}`).sort();
    const trained = parameters.filter(({ trainable }) => trainable).reduce((sum, { shape }) => sum + elements(shape), 0);
    expect(trained).toBe(reference.parameters);
    expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(reference.tensors);
  });

  test('in logits, loss, gradients and running statistics', () => {
    const input = { size: SIZE, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
    const options = { network, input, classes: CLASSES, batch: BATCH, optimizer: gradientKeeper, smoothing: 0, momentum: undefined };
    const trainer = openTrainer(options, formulaWeights(network));
    const images = formulaImages(SIZE);
    expect(relativeError(trainer.logits(images), reference.logits)).toBeLessThan(1e-4);
    const loss = trainer.step({ images, labels: labels(), seed: 1, step: 1, learningRate: 0 });
    expect(loss).toBeCloseTo(reference.loss, 4);
    const state = trainer.state();
    trainer.close();
    const errors = (norms: Readonly<Record<string, number>>, prefix: string): string[] =>
      Object.entries(norms).flatMap(([name, expected]) => {
        const actual = norm(state.get(prefix + name)?.data ?? []);
        const rounding = 1e-6 * Math.max(...Object.values(norms));
        return Math.abs(actual - expected) < 1e-3 * expected + rounding ? [] : [`${name}: ${actual} instead of ${expected}`];
      });
    expect(errors(reference.statisticNorms, '')).toEqual([]);
    expect(errors(reference.gradientNorms, 'optimizer/gradient/')).toEqual([]);
  });
});
