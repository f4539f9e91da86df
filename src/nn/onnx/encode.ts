import { create, toBinary } from '@bufbuild/protobuf';
import type { Activation, Layer, Network } from '../network.ts';
import { tensorOf } from '../weights/tensor.ts';
import type { Tensor, Weights } from '../weights/tensor.ts';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './generated/onnx_pb.ts';
import type { AttributeProto, NodeProto, TensorProto, ValueInfoProto } from './generated/onnx_pb.ts';

/** What an ONNX file says beside the network itself. */
export interface OnnxOptions {
  /** Height and width of the input. */
  readonly size: number;
  readonly channels: number;
  readonly classes: number;
  /** The graph's name. */
  readonly name: string;
  /** Key and text pairs that any reader of the file finds again; written in this order. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The opset and the file version that go together: onnxruntime has read them since 1.12. */
const opset = 17n;
const irVersion = 8n;

const inputName = 'input';
const outputName = 'logits';

type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>;

/** One node of the graph: whole numbers become INT, lists INTS and `{ float }` FLOAT attributes. */
function node(type: string, name: string, inputs: readonly string[], output: string, attributes: Attributes = {}): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]): AttributeProto => {
    if (typeof value === 'number') return create(AttributeProtoSchema, { name: key, type: AttributeType.INT, i: BigInt(value) });
    if ('float' in value) return create(AttributeProtoSchema, { name: key, type: AttributeType.FLOAT, f: value.float });
    return create(AttributeProtoSchema, { name: key, type: AttributeType.INTS, ints: value.map(BigInt) });
  });
  return create(NodeProtoSchema, { name, opType: type, input: [...inputs], output: [output], attribute });
}

/** A float32 array as it stands in the file: little-endian bytes. */
function tensor(name: string, { shape, data }: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: DataType.FLOAT,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
}

/** A float32 input or output of the graph; a text is a dimension that the caller chooses. */
function value(name: string, dimensions: readonly (number | string)[]): ValueInfoProto {
  const dim = dimensions.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'string' ? { case: 'dimParam', value: size } : { case: 'dimValue', value: BigInt(size) },
    }),
  );
  const shape = create(TensorShapeProtoSchema, { dim });
  const type = create(TypeProtoSchema, {
    value: { case: 'tensorType', value: create(TypeProto_TensorSchema, { elemType: DataType.FLOAT, shape }) },
  });
  return create(ValueInfoProtoSchema, { name, type });
}

/** The nodes and constants of one activation. */
function activation(kind: Activation, name: string, input: string, output: string): { nodes: NodeProto[]; constants: TensorProto[] } {
  switch (kind) {
    case 'relu':
      return { nodes: [node('Relu', name, [input], output)], constants: [] };
    case 'relu6': {
      const bounds = [`${name}.low`, `${name}.high`] as const;
      return {
        nodes: [node('Clip', name, [input, ...bounds], output)],
        constants: bounds.map((bound, index) => tensor(bound, { shape: [], data: Float32Array.of(6 * index) })),
      };
    }
    case 'hard-swish':
      return { nodes: [node('HardSwish', name, [input], output)], constants: [] };
    case 'hard-sigmoid':
      return { nodes: [node('HardSigmoid', name, [input], output, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } })], constants: [] };
    case 'sigmoid':
      return { nodes: [node('Sigmoid', name, [input], output)], constants: [] };
    case 'swish':
      return {
        nodes: [node('Sigmoid', `${name}.sigmoid`, [input], `${name}.sigmoid`), node('Mul', name, [input, `${name}.sigmoid`], output)],
        constants: [],
      };
  }
}

/** Builds the graph layer by layer; layers that do nothing at inference hand their input on. */
class GraphBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #values = new Map<string, string>();
  readonly #weights: Weights;
  readonly #output: string;

  constructor(weights: Weights, output: string) {
    this.#weights = weights;
    this.#output = output;
  }

  /** Adds one layer; its inputs have been added before it. */
  add(layer: Layer): void {
    const inputs = layer.inputs.map((name) => this.#valueOf(name));
    const [first] = inputs;
    if (layer.kind === 'input') {
      this.#values.set(layer.name, inputName);
      return;
    }
    if (first === undefined) throw new Error(`layer ${layer.name} has no input`);
    if (layer.kind === 'dropout' || layer.kind === 'drop-path') {
      this.#values.set(layer.name, first);
      if (layer.name === this.#output) this.nodes.push(node('Identity', layer.name, [first], outputName));
      return;
    }
    const output = layer.name === this.#output ? outputName : layer.name;
    this.#values.set(layer.name, output);
    this.#compute(layer, inputs, first, output);
  }

  #compute(
    layer: Exclude<Layer, { kind: 'input' | 'dropout' | 'drop-path' }>,
    inputs: readonly string[],
    first: string,
    output: string,
  ): void {
    const { name } = layer;
    switch (layer.kind) {
      case 'convolution': {
        const { kernel, stride, padding, groups } = layer;
        const weights = this.#take(name, layer.bias ? ['weight', 'bias'] : ['weight']);
        const attributes = {
          kernel_shape: [kernel, kernel],
          strides: [stride, stride],
          pads: [padding, padding, padding, padding],
          dilations: [1, 1],
          group: groups,
        };
        this.nodes.push(node('Conv', name, [first, ...weights], output, attributes));
        return;
      }
      case 'batch-norm': {
        const weights = this.#take(name, ['weight', 'bias', 'running_mean', 'running_var']);
        this.nodes.push(node('BatchNormalization', name, [first, ...weights], output, { epsilon: { float: layer.epsilon } }));
        return;
      }
      case 'dense':
        this.nodes.push(node('Gemm', name, [first, ...this.#take(name, ['weight', 'bias'])], output, { transB: 1 }));
        return;
      case 'activation': {
        const made = activation(layer.activation, name, first, output);
        this.nodes.push(...made.nodes);
        this.initializers.push(...made.constants);
        return;
      }
      case 'global-average-pool':
        this.nodes.push(node('GlobalAveragePool', name, [first], output));
        return;
      case 'flatten':
        this.nodes.push(node('Flatten', name, [first], output, { axis: 1 }));
        return;
      case 'add':
        this.nodes.push(node('Add', name, inputs, output));
        return;
      case 'multiply':
        this.nodes.push(node('Mul', name, inputs, output));
        return;
    }
  }

  #valueOf(layer: string): string {
    const found = this.#values.get(layer);
    if (found === undefined) throw new Error(`layer ${layer} is read before it is computed`);
    return found;
  }

  /** Adds a layer's weights to the file and returns their names. */
  #take(layer: string, parts: readonly string[]): string[] {
    return parts.map((part) => {
      const name = `${layer}.${part}`;
      this.initializers.push(tensor(name, tensorOf(this.#weights, name)));
      return name;
    });
  }
}

/**
 * Encodes a network and its weights as an ONNX model: opset 17, one input `input` (batch × channels × size × size, float32, the batch
 * is free), one output `logits` (batch × classes). The same arguments give the same bytes.
 * @throws where a layer's weight is missing or a layer is read before it is computed.
 */
export function encodeOnnx(network: Network, weights: Weights, options: OnnxOptions): Uint8Array {
  const builder = new GraphBuilder(weights, network.output);
  for (const layer of network.layers) builder.add(layer);
  const graph = create(GraphProtoSchema, {
    name: options.name,
    node: builder.nodes,
    initializer: builder.initializers,
    input: [value(inputName, ['batch', options.channels, options.size, options.size])],
    output: [value(outputName, ['batch', options.classes])],
  });
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: 'stillroom',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: opset })],
    graph,
    metadataProps: Object.entries(options.metadata).map(([key, text]) => create(StringStringEntryProtoSchema, { key, value: text })),
  });
  return toBinary(ModelProtoSchema, model);
}
