import { describe, expect, test } from 'vitest';
import type { Images } from '../../src/nn/data/dataset.ts';
import { openSession } from '../../src/nn/engine/session.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import { resizeImages } from '../../src/nn/graph/resize.ts';
import type { Value } from '../../src/nn/graph/types.ts';
import { parametersOf } from '../../src/nn/layers/parameters.ts';
import distillation from '../../src/nn/losses/distillation.ts';
import denseNet121 from '../../src/nn/models/densenet121.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import seResNeXt50 from '../../src/nn/models/se-resnext50.ts';
import shuffleNetV2 from '../../src/nn/models/shufflenet-v2.ts';
import type { Architecture, Network } from '../../src/nn/network.ts';
import sgd from '../../src/nn/optimizers/sgd.ts';
import { openPredictor, softmax } from '../../src/nn/training/evaluate.ts';
import type { Trainer } from '../../src/nn/training/step.ts';
import { openTrainer } from '../../src/nn/training/step.ts';
import type { Teacher } from '../../src/nn/training/teachers.ts';
import { addTeachers } from '../../src/nn/training/teachers.ts';
import type { Weights } from '../../src/nn/weights/tensor.ts';
import { filled, fixture, formulaImages, noise, norm, quarterImages, relativeError, smallModel, withoutDropping } from './rig.ts';

const reference = fixture<{
  readonly step: {
    readonly answers: readonly (readonly number[])[];
    readonly loss: number;
    readonly bias: readonly number[];
    readonly gradientNorms: readonly number[];
  };
  readonly resized: readonly {
    readonly extents: readonly [number, number];
    readonly size: number;
    readonly values: readonly number[];
  }[];
}>('teachers');

const [SIZE, BATCH, CLASSES, TEMPERATURE] = [64, 2, 10, 3];

const published = { classes: CLASSES, channels: 3, stemStride: 2 } as const;

/** The weights of fixtures/teachers.py. */
const weightsOf = (network: Network): Weights =>
  new Map(parametersOf(network).map(({ name, shape }) => [name, { shape, data: filled(name, shape) }]));

/** `lively` in fixtures/teachers.py: weights with which answers depend on the images. */
function livelyWeights(network: Network, variance: number): Weights {
  const weights = weightsOf(network);
  for (const [name, { shape, data }] of weights) {
    const scalar = shape.length === 1 && !name.endsWith('running_mean');
    data.forEach((value, place) => {
      if (name.endsWith('running_var')) data[place] = variance * value;
      else if (scalar) data[place] = name.endsWith('weight') ? value / 0.7 : value - 1;
    });
  }
  return weights;
}

const bytes = (count: number): Uint8Array => new Uint8Array(noise('images', count).map((own) => (own + 1) * 128));

function teacher(architecture: Architecture, variance: number, input: Omit<Teacher['input'], 'channels'>): Teacher {
  const network = architecture(published);
  return { network, weights: livelyWeights(network, variance), input: { ...input, channels: 3 } };
}

/** The teachers of fixtures/teachers.py. */
const teachers = (): readonly [Teacher, Teacher] => [
  teacher(efficientNetB0({ drop_path: 0.2 }), 0.45, { size: 96, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }),
  teacher(shuffleNetV2, 0.6, { size: 40, mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] }),
];

/** What a graph over images makes of them. */
function evaluate(shape: readonly number[], numbers: Uint8Array, build: (graph: Graph, images: Value) => Value): Float32Array {
  const graph = new Graph();
  const images = graph.placeholder('images', shape, 'uint8');
  const output = build(graph, images);
  const session = openSession(graph);
  const [values] = session.function([images], [output])([numbers]);
  session.close();
  return values as Float32Array;
}

/** The probabilities that teachers give to the images of the fixture. */
function answersOf(given: readonly Teacher[], temperature = TEMPERATURE): Float32Array {
  const graph = new Graph();
  const images = graph.placeholder('images', [BATCH, SIZE, SIZE, 3], 'uint8');
  const { answers, weights } = addTeachers(graph, images, given, temperature);
  const session = openSession(graph);
  session.assign(weights);
  const [values] = session.function([images], [answers])([formulaImages(SIZE)]);
  session.close();
  return values as Float32Array;
}

test.each(reference.resized)('images of $extents become $size pixels wide as torch resizes them', ({ extents, size, values }) => {
  const shape = [2, ...extents, 3];
  const found = evaluate(shape, bytes(2 * extents[0] * extents[1] * 3), (graph, images) => resizeImages(graph, images, size));
  expect(found).toHaveLength(values.length);
  expect(relativeError(found, values)).toBeLessThan(1e-6);
});

test('each teacher answers at its own size and by its own normalisation as in torch', () => {
  for (const [index, one] of teachers().entries())
    expect(relativeError(answersOf([one]), reference.step.answers[index] as number[])).toBeLessThan(1e-4);
});

describe('a step of a student that two teachers teach', () => {
  let found: { readonly loss: number; readonly state: Weights; readonly bias: readonly number[]; readonly norms: readonly number[] };

  function opened(network: Network): Trainer {
    return openTrainer(
      {
        network,
        input: { size: SIZE, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
        classes: CLASSES,
        batch: BATCH,
        optimizer: sgd({ momentum: 0, weight_decay: 0 }),
        loss: distillation({ temperature: TEMPERATURE, teacher: 'online', teacher_weight: 0.7 }),
        teachers: teachers(),
        labelSmoothing: 0,
        movingAverage: 0,
        precision: 'float32',
        momentum: undefined,
      },
      weightsOf(network),
    );
  }

  test('has the loss and the gradients of torch', () => {
    const network = withoutDropping(mobileNetV3Small(published));
    const trainer = opened(network);
    const labels = new Float32Array(BATCH * CLASSES);
    [labels[3], labels[5], labels[CLASSES + 7]] = [0.75, 0.25, 1];
    const loss = trainer.step({ images: formulaImages(SIZE), labels, seed: 0, step: 1, learningRate: 1 });
    const [before, after] = [weightsOf(network), trainer.weights()];
    const slope = (name: string): Float32Array =>
      (before.get(name)?.data ?? new Float32Array()).map((value, place) => value - (after.get(name)?.data[place] ?? Number.NaN));
    const trained = parametersOf(network)
      .filter(({ trainable }) => trainable)
      .map(({ name }) => name)
      .sort();
    found = { loss, state: trainer.state(), bias: [...slope('classifier.3.bias')], norms: trained.map((name) => norm(slope(name))) };
    trainer.close();
    expect(found.loss).toBeCloseTo(reference.step.loss, 4);
    expect(relativeError(found.bias, reference.step.bias)).toBeLessThan(1e-4);
    expect(relativeError(found.norms, reference.step.gradientNorms)).toBeLessThan(1e-3);
  });

  test('leaves no trace of them in what a checkpoint keeps', () => {
    expect([...found.state.keys()].filter((name) => name.startsWith('teacher'))).toEqual([]);
    expect(found.state.has('features.0.0.weight')).toBe(true);
  });
});

test('of several teachers the probabilities are averaged', () => {
  const [first, second] = teachers();
  const each = [answersOf([first]), answersOf([second])] as const;
  const mean = each[0].map((value, place) => (value + (each[1][place] as number)) / 2);
  expect(relativeError(answersOf([first, second]), [...mean])).toBeLessThan(1e-6);
});

test.each<readonly [string, Architecture]>([
  ['se-resnext50', seResNeXt50({ drop_path: 0.1 })],
  ['densenet121', denseNet121],
])('%s teaches what it answers when it predicts', (name, architecture) => {
  const network = architecture({ classes: 4, channels: 3, stemStride: 2 });
  const input = { size: SIZE, channels: 3, mean: [0.3, 0.3, 0.3], std: [0.25, 0.25, 0.25] };
  const model = { ...smallModel(), architecture: name, network, weights: livelyWeights(network, 1), input };
  const pixels = formulaImages(SIZE);
  const { info } = quarterImages(BATCH);
  const images: Images = {
    info: { ...info, height: SIZE, width: SIZE, channels: 3 },
    labels: Uint16Array.of(0, 1),
    read: (index, target, offset = 0) => target.set(pixels.subarray(index * SIZE * SIZE * 3, (index + 1) * SIZE * SIZE * 3), offset),
  };
  const predictor = openPredictor(model, BATCH);
  const expected = softmax(predictor.logits(images, [0, 1]), 4);
  predictor.close();
  expect(relativeError(answersOf([model], 1), [...expected])).toBeLessThan(1e-4);
});
