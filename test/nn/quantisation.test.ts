import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { fromBinary } from '@bufbuild/protobuf';
import { fuse } from '../../src/nn/fuse.ts';
import { initialWeights } from '../../src/nn/layers/initialise.ts';
import denseNet121 from '../../src/nn/models/densenet121.ts';
import ghostNet from '../../src/nn/models/ghostnet.ts';
import mobileNetV3Small from '../../src/nn/models/mobilenet-v3-small.ts';
import { Layers } from '../../src/nn/models/parts/blocks.ts';
import shuffleNetV2 from '../../src/nn/models/shufflenet-v2.ts';
import { encodeOnnx } from '../../src/nn/onnx/encode.ts';
import { ModelProtoSchema } from '../../src/nn/onnx/generated/onnx_pb.ts';
import type { GraphProto } from '../../src/nn/onnx/generated/onnx_pb.ts';
import type { GraphRewrite } from '../../src/nn/onnx/graph-parts.ts';
import { quantise } from '../../src/nn/onnx/quantisation.ts';
import type { QuantisationOptions } from '../../src/nn/onnx/quantisation.ts';
import { Histogram, leastSquaresRange, percentileRange } from '../../src/nn/onnx/ranges.ts';
import { shortWeights } from '../../src/nn/onnx/short-weights.ts';
import type { Model } from '../../src/nn/weights/model-folder.ts';
import { toFloat16, toFloats } from '../../src/nn/weights/numbers.ts';
import { fixture, formula, formulaWeights, relativeError } from './rig.ts';

interface Step {
  readonly scale: readonly number[];
  readonly zero: readonly number[];
  readonly type: string;
}

interface Told {
  readonly steps: Record<string, Step>;
  readonly weights: Record<string, number[]>;
  readonly logits: number[];
}

const reference = fixture<{ readonly onnxruntime: Told; readonly nncf: Told; readonly logits: number[] }>('quantisation');
const [count, size] = [24, 12];
const images = formula('images', [count, 3, size, size]).map((value) => value * 10);

/** The network of fixtures/quantisation.py. */
function model(): Model {
  const layers = new Layers(3, { epsilon: 1e-3, momentum: 0.1 });
  layers.plainConvolution('first', { outChannels: 8, kernel: 3, stride: 2, bias: true });
  layers.activation('relu', 'relu');
  layers.plainConvolution('depthwise', { outChannels: 8, kernel: 3, stride: 1, depthwise: true, bias: true });
  layers.activation('swish', 'hard-swish');
  layers.plainConvolution('project', { outChannels: 8, kernel: 1, stride: 1, bias: true });
  layers.append({ kind: 'add', name: 'sum', inputs: ['project', 'relu'] });
  layers.append({ kind: 'global-average-pool', name: 'pool', inputs: ['sum'] });
  layers.append({ kind: 'flatten', name: 'flatten', inputs: ['pool'] });
  layers.append({ kind: 'dense', name: 'classifier', inputs: ['flatten'], inFeatures: 8, outFeatures: 4 });
  const network = { layers: layers.list, output: 'classifier' };
  const input = { size, channels: 3, mean: [0, 0, 0], std: [1, 1, 1] };
  const facts = { architecture: 'small', classes: ['a', 'b', 'c', 'd'], training: { holdout: null } };
  return { ...facts, network, input, weights: formulaWeights(network) };
}

function encoded(rewrite: GraphRewrite): Uint8Array {
  const { network, weights } = model();
  return encodeOnnx(network, weights, { size, channels: 3, classes: 4, name: 'small', metadata: {}, rewrite });
}

async function logits(file: Uint8Array): Promise<number[]> {
  const session = await InferenceSession.create(file);
  const { logits: fetched } = await session.run({ input: new Tensor('float32', images, [count, 3, size, size]) });
  await session.release();
  return Array.from(fetched?.data as Float32Array);
}

const options: QuantisationOptions = {
  ...{ target: 'openvino', keepFloat: [], method: 'min-max', percentile: 99.99, threads: 1 },
  batches: () => [images.slice(0, images.length / 2), images.slice(images.length / 2)],
};

async function quantisedWith(changes: Partial<QuantisationOptions>) {
  const { rewrite, layers } = await quantise(model(), { ...options, ...changes });
  const file = encoded(rewrite);
  return { file, layers, graph: fromBinary(ModelProtoSchema, file).graph as GraphProto };
}

const numbersOf = ({ initializer }: GraphProto, name: string): { type: number; values: number[] } => {
  const found = initializer.find((own) => own.name === name);
  const bytes = Buffer.from(found?.rawData ?? []);
  const type = ({ 1: 'F32', 2: 'U8', 3: 'I8', 10: 'F16', 16: 'BF16' } as const)[found?.dataType as 1] ?? 'I32';
  return { type: found?.dataType ?? 0, values: Array.from(toFloats(type, bytes)) };
};

test.each([
  ['onnxruntime', 'onnxruntime'],
  ['openvino', 'nncf'],
] as const)('for %s the steps of values and weights are those of %s', async (target, name) => {
  const { graph } = await quantisedWith({ target });
  const { weights } = reference[name];
  // Numbers that are hardly ever negative have a zero of their own for OpenVINO too: half of NNCF's rounding error, as fast.
  const swish = reference.onnxruntime.steps['swish'] as Step;
  const steps: Record<string, Step> = { ...reference[name].steps, swish };
  const rounded = graph.node.filter(({ opType }) => opType === 'QuantizeLinear').map(({ input }) => input[0] as string);
  // ONNX Runtime's quantiser rounds the logits too.
  expect(rounded.filter((value) => value !== 'flatten').sort()).toEqual(
    Object.keys(steps)
      .filter((value) => !/logits|flatten/.test(value))
      .sort(),
  );
  for (const value of rounded.filter((own) => own in steps)) {
    const [scale, zero] = [numbersOf(graph, `${value}.scale`), numbersOf(graph, `${value}.zero_point`)];
    expect(relativeError(scale.values, steps[value]?.scale ?? [])).toBeLessThan(1e-4);
    // A zero that lies between two steps may be rounded to either.
    expect(Math.abs((zero.values[0] as number) - (steps[value]?.zero[0] as number))).toBeLessThanOrEqual(1);
    expect(zero.type === 3 ? 'int8' : 'uint8').toBe(steps[value]?.type);
  }
  for (const [weight, scales] of Object.entries(weights)) {
    // NNCF takes half of the steps for the first layer, for processors whose sums overflow.
    const factor = name === 'nncf' && weight === 'first.weight' ? 2 : 1;
    const doubled = numbersOf(graph, `${weight}.scale`).values.map((scale) => scale * factor);
    expect(relativeError(doubled, scales)).toBeLessThan(1e-4);
  }
});

test.each([
  ['onnxruntime', 'onnxruntime'],
  ['openvino', 'nncf'],
] as const)('for %s the logits are as near to float32 as those of %s', async (target, name) => {
  const { file } = await quantisedWith({ target });
  const theirs = relativeError(reference[name].logits, reference.logits);
  expect(theirs).toBeGreaterThan(1e-3);
  expect(relativeError(await logits(file), reference.logits)).toBeLessThan(1.5 * theirs);
});

test.each([
  ['densenet121, which joins features', denseNet121],
  ['ghostnet', ghostNet],
  ['mobilenet-v3-small', mobileNetV3Small],
  ['shufflenet-v2, which divides and shuffles them', shuffleNetV2],
] as const)('all layers of %s can be in int8, for both', async (_, architecture) => {
  const network = architecture({ classes: 4, channels: 3, stemStride: 1 });
  const whole = { ...model(), ...fuse({ network, weights: initialWeights(network, 1) }), input: { ...model().input, size: 32 } };
  const fed = formula('pixels', [2, 3, 32, 32]).map((value) => value * 10);
  const given = { size: 32, channels: 3, classes: 4, name: 'test', metadata: {} };
  const compute = async (rewrite: GraphRewrite): Promise<number[]> => {
    const session = await InferenceSession.create(encodeOnnx(whole.network, whole.weights, { ...given, rewrite }));
    const { logits: fetched } = await session.run({ input: new Tensor('float32', fed, [2, 3, 32, 32]) });
    await session.release();
    return Array.from(fetched?.data as Float32Array);
  };
  const expected = await compute((parts) => parts);
  for (const target of ['openvino', 'onnxruntime'] as const) {
    const { rewrite, layers } = await quantise(whole, { ...options, target, batches: () => [fed] });
    expect(layers.float32).toBe(0);
    expect(relativeError(await compute(rewrite), expected)).toBeLessThan(0.15);
  }
});

test('only a ReLU stands between a convolution and its rounding for ONNX Runtime, any activation for OpenVINO', async () => {
  const places = async (target: 'openvino' | 'onnxruntime'): Promise<boolean> => {
    const { graph } = await quantisedWith({ target });
    expect(graph.node.some(({ name }) => name === 'relu.quantize')).toBe(true);
    expect(graph.node.some(({ name }) => name === 'first.quantize')).toBe(false);
    return graph.node.some(({ name }) => name === 'depthwise.quantize');
  };
  expect(await places('openvino')).toBe(false);
  expect(await places('onnxruntime')).toBe(true);
});

test.each([
  ['first', ['first'], 'first.weight'],
  ['last', ['last'], 'classifier.weight'],
  ['depthwise', ['depthwise'], 'depthwise.weight'],
] as const)('the %s layer can stay in float32', async (_, keepFloat, weight) => {
  const { graph, layers } = await quantisedWith({ keepFloat });
  expect(layers).toEqual({ int8: 3, float32: 1 });
  const inFloat = graph.initializer.filter(({ name, dims }) => name.endsWith('weight') && dims.length > 1).map(({ name }) => name);
  expect(inFloat).toEqual([weight]);
});

test('a layer that gives what is no number is named', async () => {
  const batches = () => [new Float32Array(3 * size * size).fill(Number.NaN)];
  await expect(quantise(model(), { ...options, batches })).rejects.toThrow(/The layer "\w+" gives NaN for a calibration image/);
});

test('a percentile leaves out the rarest at each end, and the least squares give up outliers for finer steps', () => {
  const numbers = Float32Array.from({ length: 100_000 }, (_, place) => Math.sin(place) * (place % 1000 === 0 ? 10 : 1));
  const whole = { low: numbers.reduce((a, b) => Math.min(a, b)), high: numbers.reduce((a, b) => Math.max(a, b)) };
  const histogram = new Histogram(whole);
  histogram.add(numbers);
  const sorted = [...numbers].sort((a, b) => a - b);
  const { low, high } = percentileRange(histogram, 99.8);
  const bin = (whole.high - whole.low) / 2048;
  expect(Math.abs(low - (sorted[100] as number))).toBeLessThan(2 * bin);
  expect(Math.abs(high - (sorted[99_899] as number))).toBeLessThan(2 * bin);
  expect(percentileRange(histogram, 100)).toEqual(whole);
  const few = new Histogram({ low: -1, high: 50 });
  few.add(Float32Array.from({ length: 1_000_000 }, (_, place) => (place === 0 ? 50 : Math.sin(place))));
  expect(leastSquaresRange(few).high).toBeLessThan(30);
  expect(leastSquaresRange(few).high).toBeGreaterThan(1);
});

test('numbers are rounded to the nearest float16, and to the even one of two', () => {
  const cases: readonly (readonly [number, number])[] = [
    [1, 0x3c00],
    [-2, 0xc000],
    [65_504, 0x7bff],
    [65_520, 0x7c00],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [1.5 * 2 ** -24, 2],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 - 2 ** -12, 0x4000],
    [0.1, 0x2e66],
  ];
  expect(Array.from(toFloat16(Float32Array.from(cases, ([value]) => value)))).toEqual(cases.map(([, bits]) => bits));
  const all = Uint16Array.from({ length: 0x7c00 }, (_, bits) => bits);
  expect(toFloat16(toFloats('F16', Buffer.from(all.buffer)))).toEqual(all);
});

test.each([
  ['float16', 10, 1e-3],
  ['bfloat16', 16, 1e-2],
] as const)('weights in %s take half of the room and are read as float32', async (precision, type, error) => {
  const file = encoded(shortWeights(precision));
  const graph = fromBinary(ModelProtoSchema, file).graph as GraphProto;
  expect(numbersOf(graph, `project.weight.${precision}`)).toMatchObject({ type });
  expect(graph.initializer.some(({ name }) => name === 'project.weight')).toBe(false);
  const off = relativeError(await logits(file), reference.logits);
  expect(off).toBeLessThan(error);
  expect(off).toBeGreaterThan(error / 1000);
});

test('a weight that float16 cannot hold is named', () => {
  const { network, weights } = model();
  const large = new Map(weights).set('project.weight', { shape: [8, 8, 1, 1], data: new Float32Array(64).fill(7e4) });
  const write = () =>
    encodeOnnx(network, large, { size, channels: 3, classes: 4, name: 'x', metadata: {}, rewrite: shortWeights('float16') });
  expect(write).toThrow('The weight "project.weight" holds a number above 65504');
});
