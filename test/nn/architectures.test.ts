import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/nn/engine/session.ts';
import { gradients } from '../../src/nn/graph/gradients.ts';
import { Graph } from '../../src/nn/graph/graph.ts';
import { buildForInference, buildForTraining } from '../../src/nn/layers/build.ts';
import { parametersOf, toGraphLayout } from '../../src/nn/layers/parameters.ts';
import denseNet121 from '../../src/nn/models/densenet121.ts';
import efficientNetB0 from '../../src/nn/models/efficientnet-b0.ts';
import efficientNetB1 from '../../src/nn/models/efficientnet-b1.ts';
import efficientNetB4 from '../../src/nn/models/efficientnet-b4.ts';
import efficientNetLite0 from '../../src/nn/models/efficientnet-lite0.ts';
import ghostNet from '../../src/nn/models/ghostnet.ts';
import mobileNetV3Large from '../../src/nn/models/mobilenet-v3-large.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import seResNeXt50 from '../../src/nn/models/se-resnext50.ts';
import shuffleNetV2 from '../../src/nn/models/shufflenet-v2.ts';
import type { Architecture, Network } from '../../src/nn/network.ts';
import { crossEntropy } from '../../src/nn/losses/parts/cross-entropy.ts';
import { normalise } from '../../src/nn/training/input.ts';
import { elements } from '../../src/nn/weights/tensor.ts';
import { filled, fixture, noise, norm, relativeError, withoutDropping } from './rig.ts';

/** Of one stride of a model's first convolution; norms are in the order of the tensors' names. */
interface Reference {
  readonly stemStride: 1 | 2;
  readonly parameters: number;
  readonly tensors: string;
  readonly loss: number;
  readonly logits: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly statisticNorms: readonly number[];
}

const [SIZE, BATCH, CLASSES] = [64, 2, 10];

const architectures: readonly (readonly [string, Architecture])[] = [
  ['mobilenet-v3-small', mobileNetV3Small],
  ['mobilenet-v3-large', mobileNetV3Large],
  ['efficientnet-b0', efficientNetB0({ drop_path: 0.2 })],
  ['efficientnet-b1', efficientNetB1({ drop_path: 0.2 })],
  ['efficientnet-b4', efficientNetB4({ drop_path: 0.2 })],
  ['efficientnet-lite0', efficientNetLite0({ drop_path: 0.2 })],
  ['shufflenet-v2', shuffleNetV2],
  ['ghostnet', ghostNet],
  ['densenet121', denseNet121],
  ['se-resnext50', seResNeXt50({ drop_path: 0 })],
];

const cases = architectures.flatMap(([name, architecture]) =>
  fixture<Reference[]>(name).map((reference) => ({ name, architecture, reference, stride: reference.stemStride })),
);

/** Each image's probabilities of the classes. */
function labels(): Float32Array {
  const rows = new Float32Array(BATCH * CLASSES);
  rows[3] = 0.75;
  rows[5] = 0.25;
  rows[CLASSES + 7] = 1;
  return rows;
}

/** What one evaluation, and one step forward and backward in training mode that moves no weight, give. */
function computed(network: Network) {
  const graph = new Graph();
  const images = graph.placeholder('images', [BATCH, SIZE, SIZE, 3], 'uint8');
  const rows = graph.placeholder('labels', [BATCH, CLASSES]);
  const pixels = normalise(graph, images, { size: SIZE, channels: 3, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  const built = buildForTraining(graph, network, pixels, {});
  const loss = crossEntropy(graph, built.output, rows);
  const parameters = parametersOf(network).sort((a, b) => (a.name < b.name ? -1 : 1));
  const trained = parameters.filter(({ trainable }) => trainable);
  const slopes = gradients(
    graph,
    loss,
    trained.map(({ name, graphShape }) => graph.variable(name, graphShape).value),
  );
  const result = graph.after(loss, built.updates);
  const evaluation = buildForInference(graph, network, pixels);
  const session = openSession(graph);
  const input = new Uint8Array(noise('images', BATCH * SIZE * SIZE * 3).map((own) => (own + 1) * 128));
  try {
    const weights = parameters.map((parameter) => {
      const { name, shape } = parameter;
      return [name, toGraphLayout(parameter, { shape, data: filled(name, shape) })] as const;
    });
    session.assign(new Map(weights));
    const [logits = []] = session.function([images], [evaluation])([input]);
    const [value = [], ...found] = session.function([images, rows], [result, ...slopes])([input, labels()]);
    const statistics = session.read(parameters.filter(({ trainable }) => !trainable).map(({ name }) => name));
    return {
      logits,
      loss: value[0] as number,
      gradients: new Map(trained.map(({ name }, index) => [name, norm(found[index] ?? [])])),
      statistics: new Map([...statistics].map(([name, values]) => [name, norm(values)])),
    };
  } finally {
    session.close();
  }
}

/**
 * The norms that are off by more than a thousandth, of themselves or of a thousandth of the network's median norm if that is larger. Norms
 * below that come of what a later batch norm undoes: they are 0 but for rounding, so float32's rounding of the largest norm is granted.
 */
function offenders(actual: ReadonlyMap<string, number>, expected: readonly number[]): string[] {
  const median = [...expected].sort((a, b) => a - b)[Math.floor(expected.length / 2)] as number;
  const least = 1e-3 * median;
  const rounding = 2 ** -23 * Math.max(...expected);
  return [...actual].flatMap(([name, own], index) => {
    const wanted = expected[index] as number;
    const allowed = wanted < least ? Math.max(1e-3 * least, rounding) : 1e-3 * wanted;
    return Math.abs(own - wanted) < allowed ? [] : [`${name}: ${own} instead of ${wanted}`];
  });
}

describe.each(cases)('$name with stem stride $stride is its reference', ({ architecture, reference }) => {
  const network = withoutDropping(architecture({ classes: CLASSES, channels: 3, stemStride: reference.stemStride }));

  test('in the names, shapes and number of its parameters', () => {
    const parameters = parametersOf(network);
    const lines = parameters.map(({ name, shape }) => `${name} ${shape.join(', ')}`).sort();
    const trained = parameters.filter(({ trainable }) => trainable).reduce((sum, { shape }) => sum + elements(shape), 0);
    expect(trained).toBe(reference.parameters);
    expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(reference.tensors);
  });

  test('in logits, loss, gradients and running statistics', () => {
    const { logits, loss, gradients: slopes, statistics } = computed(network);
    expect(relativeError(logits, reference.logits)).toBeLessThan(1e-4);
    expect(Math.abs(loss - reference.loss) / reference.loss).toBeLessThan(1e-3);
    expect([slopes.size, statistics.size]).toEqual([reference.gradientNorms.length, reference.statisticNorms.length]);
    expect(offenders(statistics, reference.statisticNorms)).toEqual([]);
    expect(offenders(slopes, reference.gradientNorms)).toEqual([]);
  });
});
