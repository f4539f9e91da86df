import { create, toBinary } from '@bufbuild/protobuf';
import type { Convolution, Cosine, Layer, Network } from '../network.ts';
import { rowsOfLength } from '../weights/rows.ts';
import { tensorOf } from '../weights/tensor.ts';
import type { Weights } from '../weights/tensor.ts';
import { GraphProtoSchema, ModelProtoSchema, OperatorSetIdProtoSchema, StringStringEntryProtoSchema } from './generated/onnx_pb.ts';
import type { NodeProto, TensorProto } from './generated/onnx_pb.ts';
import type { GraphParts, GraphRewrite } from './graph-parts.ts';
import { activation, anyValue, integers, node, tensor, value } from './nodes.ts';
import type { OnnxAttributes } from './nodes.ts';
import { pictureNodes } from './pictures.ts';
import type { PictureInput } from './pictures.ts';

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
  /** What is made of the graph before it is written; left out, it is written as it is. */
  readonly rewrite?: GraphRewrite;
  /** Values inside the graph that are outputs too, after `logits`. */
  readonly watched?: readonly string[];
  /** What pictures become the network's input by: then the graph takes them, and gives probabilities. */
  readonly pictures?: PictureInput;
}

/** The opset and the file version that go together: onnxruntime has read them since 1.12. */
export const ONNX_OPSET = 17;
const irVersion = 8n;

const inputName = 'input';
/** The name of the only output. */
export const outputName = 'logits';

const sides = (padding: number): number[] => [padding, padding, padding, padding];

function windowAttributes({ kernel, stride }: { readonly kernel: number; readonly stride: number }): OnnxAttributes {
  return { kernel_shape: [kernel, kernel], strides: [stride, stride] };
}

function convolutionAttributes(layer: Convolution): OnnxAttributes {
  const padding: OnnxAttributes = layer.padding === 'same' ? { auto_pad: 'SAME_UPPER' } : { pads: sides(layer.padding) };
  return { ...windowAttributes(layer), ...padding, dilations: [1, 1], group: layer.groups };
}

/** For every channel after a shuffle the channel that it was before. */
function shuffled(channels: number, groups: number): number[] {
  return Array.from({ length: channels }, (_, place) => (place % groups) * (channels / groups) + Math.floor(place / groups));
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
        const weights = this.#take(name, layer.bias ? ['weight', 'bias'] : ['weight']);
        this.nodes.push(node('Conv', name, [first, ...weights], output, convolutionAttributes(layer)));
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
      case 'cosine':
        this.#cosine(layer, first, output);
        return;
      case 'activation': {
        const made = activation(layer.activation, name, first, output);
        this.nodes.push(...made.nodes);
        this.initializers.push(...made.constants);
        return;
      }
      case 'max-pool':
        this.nodes.push(node('MaxPool', name, [first], output, { ...windowAttributes(layer), pads: sides(layer.padding) }));
        return;
      case 'average-pool':
        this.nodes.push(node('AveragePool', name, [first], output, windowAttributes(layer)));
        return;
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
      case 'concat':
        this.nodes.push(node('Concat', name, inputs, output, { axis: 1 }));
        return;
      case 'slice':
        this.#withIntegers('Slice', layer, first, output, [[layer.start], [layer.start + layer.count], [1]]);
        return;
      case 'channel-shuffle':
        this.#withIntegers('Gather', layer, first, output, [shuffled(layer.channels, layer.groups)], { axis: 1 });
        return;
    }
  }

  /** Adds a node that reads lists of whole numbers after its input. */
  #withIntegers(
    type: string,
    { name }: Layer,
    first: string,
    output: string,
    lists: readonly (readonly number[])[],
    attributes: OnnxAttributes = {},
  ): void {
    const constants = lists.map((list, index) => integers(`${name}.${index}`, list));
    this.initializers.push(...constants);
    this.nodes.push(node(type, name, [first, ...constants.map((constant) => constant.name)], output, attributes));
  }

  /** The product of the input's direction with the classes' directions, which are written with their lengths and the scale made one. */
  #cosine({ name, outFeatures, inFeatures, scale }: Cosine, first: string, output: string): void {
    const weight = tensorOf(this.#weights, `${name}.weight`, [outFeatures, inFeatures]);
    this.initializers.push(tensor(`${name}.weight`, { shape: weight.shape, data: rowsOfLength(weight, scale) }));
    this.nodes.push(node('LpNormalization', `${name}.direction`, [first], `${name}.direction`, { axis: 1, p: 2 }));
    this.nodes.push(node('Gemm', name, [`${name}.direction`, `${name}.weight`], output, { transB: 1 }));
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

/** The nodes and constants of a network: from the value `input` to the value `logits`. Throws as `encodeOnnx`. */
export function graphParts(network: Network, weights: Weights): GraphParts {
  const builder = new GraphBuilder(weights, network.output);
  for (const layer of network.layers) builder.add(layer);
  return { nodes: builder.nodes, initializers: builder.initializers };
}

/**
 * Encodes a network and its weights as an ONNX model: opset 17, one input `input` (batch × channels × size × size, float32, the batch
 * is free), one output `logits` (batch × classes). Of pictures, the input is `pixels` (batch × height × width × channels bytes, of any
 * size), the output `probabilities`. The same arguments give the same bytes.
 * @throws where a layer's weight is missing or a layer is read before it is computed.
 */
export function encodeOnnx(network: Network, weights: Weights, options: OnnxOptions): Uint8Array {
  const parts = graphParts(network, weights);
  const { nodes, initializers } = options.rewrite?.(parts) ?? parts;
  const { size, channels, classes, pictures, watched = [] } = options;
  const before = pictures === undefined ? { nodes: [], initializers: [] } : pictureNodes('pixels', inputName, pictures);
  const after = pictures === undefined ? [] : [node('Softmax', 'probabilities', [outputName], 'probabilities', { axis: 1 })];
  const taken =
    pictures === undefined
      ? value(inputName, ['batch', channels, size, size])
      : value('pixels', ['batch', 'height', 'width', channels], 'bytes');
  const graph = create(GraphProtoSchema, {
    name: options.name,
    node: [...before.nodes, ...nodes, ...after],
    initializer: [...before.initializers, ...initializers],
    input: [taken],
    output: [value(pictures === undefined ? outputName : 'probabilities', ['batch', classes]), ...watched.map(anyValue)],
  });
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: 'stillroom',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(ONNX_OPSET) })],
    graph,
    metadataProps: Object.entries(options.metadata).map(([key, text]) => create(StringStringEntryProtoSchema, { key, value: text })),
  });
  return toBinary(ModelProtoSchema, model);
}
