import type { Activation, Convolution, Cosine, Layer, Network } from '../network.ts';
import { rowsOfLength } from '../weights/rows.ts';
import { tensorOf } from '../weights/tensor.ts';
import type { Tensor, Weights } from '../weights/tensor.ts';
import type { IrAttributes, IrValue } from './ir.ts';
import { Ir } from './ir.ts';

/** What the files say beside the network itself. */
export interface OpenVinoOptions {
  /** Height and width of the input. */
  readonly size: number;
  readonly channels: number;
  readonly name: string;
  /** What any reader of the model finds again at its `model_info`, by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Directions shorter than this count as this long. */
const SHORTEST = 1e-12;

const both = (extent: number): readonly number[] => [extent, extent];

/** OpenVINO's operation for an activation. */
const activations: Readonly<Record<Activation, readonly [type: string, opset: number, attributes?: IrAttributes]>> = {
  relu: ['ReLU', 1],
  relu6: ['Clamp', 1, { min: 0, max: 6 }],
  'hard-swish': ['HSwish', 4],
  'hard-sigmoid': ['HSigmoid', 5],
  sigmoid: ['Sigmoid', 1],
  swish: ['Swish', 4],
};

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number | 'same';
}

function paddingOf({ padding }: Pick<Window, 'padding'>): IrAttributes {
  const sides = both(padding === 'same' ? 0 : padding);
  return { pads_begin: sides, pads_end: sides, auto_pad: padding === 'same' ? 'same_upper' : 'explicit' };
}

function poolingOf(window: Window): IrAttributes {
  return { kernel: both(window.kernel), strides: both(window.stride), ...paddingOf(window), rounding_type: 'floor' };
}

/** What a layer is computed from. */
interface Context {
  readonly ir: Ir;
  readonly weights: Weights;
}

type Writer<Kind extends Layer['kind']> = (
  context: Context,
  layer: Extract<Layer, { kind: Kind }>,
  inputs: readonly [IrValue, IrValue, ...IrValue[]],
) => IrValue;

/** One of a layer's weights, under another shape where one is given. */
function weight({ ir, weights }: Context, name: string, shape?: readonly number[]): IrValue {
  const tensor = tensorOf(weights, name);
  return ir.constant(name, shape === undefined ? tensor : { ...tensor, shape });
}

/** Adds a layer's bias to its second axis. */
function withBias(context: Context, { name }: Layer, value: IrValue, shape: readonly number[]): IrValue {
  return context.ir.operation('Add', `${name}.sum`, [value, weight(context, `${name}.bias`, shape)], { auto_broadcast: 'numpy' });
}

function convolution(context: Context, layer: Convolution, x: IrValue): IrValue {
  const { name, stride, groups, outChannels, inChannels, kernel } = layer;
  const attributes = { strides: both(stride), dilations: both(1), ...paddingOf(layer) };
  const shape = [groups, outChannels / groups, inChannels / groups, kernel, kernel];
  const weights = weight(context, `${name}.weight`, groups === 1 ? undefined : shape);
  const output = context.ir.operation(groups === 1 ? 'Convolution' : 'GroupConvolution', name, [x, weights], attributes);
  return layer.bias ? withBias(context, layer, output, [1, outChannels, 1, 1]) : output;
}

/** The product of the input's direction with the classes' directions, which are written with their lengths and the scale made one. */
function cosine({ ir, weights }: Context, { name, inFeatures, outFeatures, scale }: Cosine, x: IrValue): IrValue {
  const rows: Tensor = { shape: [outFeatures, inFeatures], data: rowsOfLength(tensorOf(weights, `${name}.weight`), scale) };
  const direction = ir.operation('NormalizeL2', `${name}.direction`, [x, ir.integers(`${name}.axes`, [1])], {
    eps: SHORTEST ** 2,
    eps_mode: 'max',
  });
  return ir.operation('MatMul', name, [direction, ir.constant(`${name}.weight`, rows)], { transpose_a: false, transpose_b: true });
}

const writers: { readonly [Kind in Exclude<Layer['kind'], 'input'>]: Writer<Kind> } = {
  convolution: (context, layer, [x]) => convolution(context, layer, x),
  'batch-norm': (context, { name, epsilon }, [x]) => {
    const own = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => weight(context, `${name}.${part}`));
    return context.ir.operation('BatchNormInference', name, [x, ...own], { epsilon }, 5);
  },
  dense: (context, layer, [x]) => {
    const attributes = { transpose_a: false, transpose_b: true };
    const product = context.ir.operation('MatMul', layer.name, [x, weight(context, `${layer.name}.weight`)], attributes);
    return withBias(context, layer, product, [1, layer.outFeatures]);
  },
  cosine: (context, layer, [x]) => cosine(context, layer, x),
  activation: ({ ir }, { name, activation }, [x]) => {
    const [type, opset, attributes] = activations[activation];
    return ir.operation(type, name, [x], attributes, opset);
  },
  'max-pool': ({ ir }, layer, [x]) => ir.operation('MaxPool', layer.name, [x], poolingOf(layer)),
  'average-pool': ({ ir }, layer, [x]) =>
    ir.operation('AvgPool', layer.name, [x], { ...poolingOf({ ...layer, padding: 0 }), 'exclude-pad': true }),
  'global-average-pool': ({ ir }, { name }, [x]) =>
    ir.operation('ReduceMean', name, [x, ir.integers(`${name}.axes`, [2, 3])], { keep_dims: true }),
  flatten: ({ ir }, { name }, [x]) => ir.operation('Reshape', name, [x, ir.integers(`${name}.shape`, [0, -1])], { special_zero: true }),
  add: ({ ir }, { name }, inputs) => ir.operation('Add', name, inputs, { auto_broadcast: 'numpy' }),
  multiply: ({ ir }, { name }, inputs) => ir.operation('Multiply', name, inputs, { auto_broadcast: 'numpy' }),
  concat: ({ ir }, { name }, inputs) => ir.operation('Concat', name, inputs, { axis: 1 }),
  slice: ({ ir }, { name, start, count }, [x]) => {
    const bounds = Object.entries({ start, stop: start + count, step: 1, axes: 1 });
    return ir.operation('Slice', name, [x, ...bounds.map(([own, value]) => ir.integers(`${name}.${own}`, [value]))], {}, 8);
  },
  'channel-shuffle': ({ ir }, { name, groups }, [x]) => ir.operation('ShuffleChannels', name, [x], { axis: 1, group: groups }, 3),
  dropout: (_context, _layer, [x]) => x,
  'drop-path': (_context, _layer, [x]) => x,
};

/**
 * Encodes a network and its weights as OpenVINO's intermediate representation (version 11, operations up to opset 8): `model.xml` and
 * `model.bin`, one input `input` (batch × channels × size × size, float32, the batch is free), one output `logits` (batch × classes).
 * The same arguments give the same bytes.
 * @throws where a layer's weight is missing or a layer is read before it is computed.
 */
export function encodeOpenVino(
  network: Network,
  weights: Weights,
  { size, channels, name, metadata }: OpenVinoOptions,
): { readonly xml: string; readonly bin: Uint8Array } {
  const ir = new Ir();
  const values = new Map<string, IrValue>();
  const computed = (layer: string): IrValue => {
    const value = values.get(layer);
    if (value === undefined) throw new Error(`layer ${layer} is read before it is computed`);
    return value;
  };
  for (const layer of network.layers) {
    if (layer.kind === 'input') {
      values.set(layer.name, ir.parameter('input', [-1, channels, size, size]));
      continue;
    }
    const write = writers[layer.kind] as Writer<Layer['kind']>;
    values.set(layer.name, write({ ir, weights }, layer, layer.inputs.map(computed) as unknown as [IrValue, IrValue]));
  }
  ir.result('logits', computed(network.output));
  return ir.encode(name, metadata);
}
