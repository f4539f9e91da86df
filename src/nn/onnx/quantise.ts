import { create } from '@bufbuild/protobuf';
import { NodeProtoSchema, TensorProto_DataType as DataType, TensorProtoSchema } from './generated/onnx_pb.ts';
import type { NodeProto, TensorProto } from './generated/onnx_pb.ts';
import type { GraphRewrite } from './graph-parts.ts';
import { floatsOf, node, tensor } from './nodes.ts';
import type { QuantisationTarget, QuantisedPlaces } from './quantised-places.ts';
import type { Range } from './ranges.ts';

/** What a graph in int8 is made of. */
export interface Quantisation {
  readonly target: QuantisationTarget;
  readonly places: QuantisedPlaces;
  /** Of each value that is rounded, by the name of whose range it is. */
  readonly ranges: ReadonlyMap<string, Range>;
}

/** A value is `(number − zero) × scale`. */
interface Step {
  readonly scale: number;
  readonly zero: number;
  readonly signed: boolean;
}

/** Below this share of the largest number the least one counts as hardly negative: int8 around 0 would waste most of its lower half. */
const HARDLY = 0.3;

/**
 * The step of a value of that range. Numbers that are hardly ever negative (those of hard-swish are) are uint8 with a zero of their own. Others
 * are int8 around 0 for OpenVINO, and uint8 too for ONNX Runtime, whose fastest kernels take that.
 */
function stepOf({ low, high }: Range, target: QuantisationTarget): Step {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  if (to - from === 0) return { scale: 1, zero: 0, signed: false };
  if (from === 0) return { scale: Math.fround(to / 255), zero: 0, signed: false };
  if (target === 'openvino' && -from > HARDLY * to) return { scale: Math.fround(Math.max(-from, to) / 127), zero: 0, signed: true };
  const scale = Math.fround((to - from) / 255);
  return { scale, zero: Math.min(255, Math.max(0, Math.round(-from / scale))), signed: false };
}

/** Rows of int8 weights, each with its scale. */
interface QuantisedRows {
  readonly scales: Float32Array;
  readonly numbers: Int8Array;
}

/** Rounds weights to −127…127 steps of their own output channel; a channel of zeros has the scale 1. */
function quantiseRows(weights: Float32Array, channels: number): QuantisedRows {
  const length = weights.length / channels;
  const scales = new Float32Array(channels);
  const numbers = new Int8Array(weights.length);
  for (let channel = 0; channel < channels; channel++) {
    const row = weights.subarray(channel * length, (channel + 1) * length);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = largest === 0 ? 1 : Math.fround(largest / 127);
    scales[channel] = scale;
    row.forEach((value, place) => {
      numbers[channel * length + place] = Math.min(127, Math.max(-127, Math.round(value / scale)));
    });
  }
  return { scales, numbers };
}

/**
 * Writes a graph so that runtimes compute it in int8: a rounding to steps and back (QuantizeLinear, DequantizeLinear) at each of the
 * places, and weights as int8 with a scale for each output channel. What is at no place stays as it is.
 */
export function quantised(quantisation: Quantisation): GraphRewrite {
  return (parts) => {
    const writer = new QuantisedWriter(quantisation, new Map(parts.initializers.map((own) => [own.name, own])));
    const inputs = new Set(parts.nodes.flatMap(({ input }) => input));
    for (const { output } of parts.nodes) for (const name of output) inputs.delete(name);
    for (const name of inputs) writer.round(name);
    for (const own of parts.nodes) writer.add(own);
    return writer.parts();
  };
}

class QuantisedWriter {
  readonly #nodes: NodeProto[] = [];
  readonly #constants: TensorProto[] = [];
  readonly #quantisation: Quantisation;
  readonly #floats: Map<string, TensorProto>;

  constructor(quantisation: Quantisation, floats: Map<string, TensorProto>) {
    this.#quantisation = quantisation;
    this.#floats = floats;
  }

  parts(): { nodes: NodeProto[]; initializers: TensorProto[] } {
    return { nodes: this.#nodes, initializers: [...this.#floats.values(), ...this.#constants] };
  }

  /** Adds a node that reads what has been rounded. */
  add(own: NodeProto): void {
    const { places } = this.#quantisation;
    const isWeighted = places.weighted.has(own.name);
    const [data, weight, bias] = own.input;
    const input = own.input.map((name) => (places.values.has(name) ? dequantised(name) : name));
    if (isWeighted && data !== undefined && weight !== undefined) {
      const { scales } = this.#weights(weight);
      input[1] = dequantised(weight);
      if (bias !== undefined && this.#quantisation.target === 'onnxruntime') input[2] = this.#bias(bias, scales, this.#step(data));
    }
    this.#nodes.push(create(NodeProtoSchema, { ...own, input }));
    for (const output of own.output) this.round(output);
  }

  /** Adds the rounding of a value, if it has a place. */
  round(value: string): void {
    if (!this.#quantisation.places.values.has(value)) return;
    const { scale, zero, signed } = this.#step(value);
    const [scaleName, zeroName] = [`${value}.scale`, `${value}.zero_point`];
    this.#constants.push(tensor(scaleName, { shape: [], data: Float32Array.of(scale) }));
    this.#constants.push(numbers(zeroName, [], signed ? Int8Array.of(zero) : Uint8Array.of(zero)));
    this.#nodes.push(node('QuantizeLinear', `${value}.quantize`, [value, scaleName, zeroName], `${value}.quantized`));
    this.#dequantise(value, [`${value}.quantized`, scaleName, zeroName]);
  }

  #step(value: string): Step {
    const { ranges, places, target } = this.#quantisation;
    const range = ranges.get(places.values.get(value) ?? value);
    if (range === undefined) throw new Error(`The value "${value}" was not calibrated.`);
    return stepOf(range, target);
  }

  #dequantise(value: string, inputs: readonly string[], attributes = {}): void {
    this.#nodes.push(node('DequantizeLinear', `${value}.dequantize`, inputs, dequantised(value), attributes));
  }

  /** Puts a weight into int8. */
  #weights(name: string): QuantisedRows {
    const found = this.#floats.get(name);
    if (found === undefined) throw new Error(`The weight "${name}" is no constant.`);
    const dims = found.dims.map(Number);
    const rows = quantiseRows(floatsOf(found), dims[0] as number);
    this.#floats.delete(name);
    const channels = rows.scales.length;
    this.#constants.push(numbers(`${name}.quantized`, dims, rows.numbers));
    this.#constants.push(tensor(`${name}.scale`, { shape: [channels], data: rows.scales }));
    this.#constants.push(numbers(`${name}.zero_point`, [channels], new Int8Array(channels)));
    this.#dequantise(name, [`${name}.quantized`, `${name}.scale`, `${name}.zero_point`], { axis: 0 });
    return rows;
  }

  /** Puts a bias into int32, in steps of its sums: those of the weights times that of what they are multiplied with. */
  #bias(name: string, weights: Float32Array, { scale }: Step): string {
    const found = this.#floats.get(name);
    if (found === undefined) throw new Error(`The bias "${name}" is no constant.`);
    const scales = weights.map((own) => own * scale);
    const rounded = Int32Array.from(floatsOf(found), (value, channel) => {
      return Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), Math.round(value / (scales[channel] as number))));
    });
    this.#floats.delete(name);
    this.#constants.push(numbers(`${name}.quantized`, [scales.length], rounded));
    this.#constants.push(tensor(`${name}.scale`, { shape: [scales.length], data: scales }));
    this.#constants.push(numbers(`${name}.zero_point`, [scales.length], new Int32Array(scales.length)));
    this.#dequantise(name, [`${name}.quantized`, `${name}.scale`, `${name}.zero_point`], { axis: 0 });
    return dequantised(name);
  }
}

function dequantised(value: string): string {
  return `${value}.dequantized`;
}

/** Whole numbers as a constant. */
function numbers(name: string, shape: readonly number[], data: Int8Array | Uint8Array | Int32Array): TensorProto {
  const dataType = data instanceof Int8Array ? DataType.INT8 : data instanceof Uint8Array ? DataType.UINT8 : DataType.INT32;
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType, rawData });
}
