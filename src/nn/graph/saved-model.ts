import type { MessageInitShape } from '@bufbuild/protobuf';
import { create, toBinary } from '@bufbuild/protobuf';
import type {
  AttrValueSchema,
  FunctionDefSchema,
  NodeDefSchema,
  TensorInfoSchema,
  TensorShapeProtoSchema,
} from '../protobuf/tensorflow_pb.ts';
import { SavedModelSchema } from '../protobuf/tensorflow_pb.ts';
import type { CompiledFunction, Graph } from './graph.ts';
import type { Attribute, Node, Shape, Value } from './types.ts';
import { dataTypes } from './types.ts';

/** The named inputs and outputs by which other programs call a saved graph. */
export interface Signature {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly outputs: Readonly<Record<string, Value>>;
}

/** The GraphDef version that TensorFlow 2.21 writes; it decides how old graphs are read. */
const PRODUCER = 1882;

/** Encodes a graph as the bytes of `saved_model.pb`, tagged `serve`, with the signatures that it is given by their names. */
export function encodeSavedModel(graph: Graph, signatures: Readonly<Record<string, Signature>> = {}): Uint8Array {
  const signatureDef: Record<string, object> = {};
  for (const [name, signature] of Object.entries(signatures)) {
    signatureDef[name] = {
      inputs: tensorInfos(signature.inputs),
      outputs: tensorInfos(signature.outputs),
      methodName: 'tensorflow/serving/predict',
    };
  }
  const message = create(SavedModelSchema, {
    savedModelSchemaVersion: 1n,
    metaGraphs: [
      {
        metaInfoDef: { tags: ['serve'], tensorflowVersion: '2.21.0' },
        graphDef: {
          node: graph.nodes.map(nodeDef),
          library: { function: [...graph.functions.values()].map(functionDef) },
          versions: { producer: PRODUCER },
        },
        signatureDef,
      },
    ],
  });
  return toBinary(SavedModelSchema, message);
}

function nodeDef({ name, op, inputs, attributes }: Node): MessageInitShape<typeof NodeDefSchema> {
  const attr: Record<string, MessageInitShape<typeof AttrValueSchema>> = {};
  for (const [key, attribute] of Object.entries(attributes)) attr[key] = { value: attributeValue(attribute) };
  return { name, op, input: [...inputs], attr };
}

/** How a function's nodes name the outputs of these operations; those of all others here are called `z`. */
const outputNames: Readonly<Record<string, string>> = {
  Const: 'output',
  Relu6: 'activations',
  Relu6Grad: 'backprops',
  Sigmoid: 'y',
  Cast: 'y',
  Bitcast: 'output',
};

/** A function of a graph's library. Inside it, an input is named by its parameter, or by a node, that node's output and its place. */
function functionDef({ name, parameters, nodes, result }: CompiledFunction): MessageInitShape<typeof FunctionDefSchema> {
  const operations = new Map(nodes.map((node) => [node.name, node.op]));
  const reached = (input: string): string => {
    const op = operations.get(input);
    return op === undefined ? input : `${input}:${outputNames[op] ?? 'z'}:0`;
  };
  return {
    signature: {
      name,
      inputArg: parameters.map(({ node, type }) => ({ name: node, type: dataTypes[type] })),
      outputArg: [{ name: 'result', type: dataTypes[result.type] }],
    },
    nodeDef: nodes.map((node) => nodeDef({ ...node, inputs: node.inputs.map(reached) })),
    ret: { result: reached(result.node) },
  };
}

type AttributeValue = NonNullable<MessageInitShape<typeof AttrValueSchema>['value']>;

function attributeValue(attribute: Attribute): AttributeValue {
  if ('type' in attribute) return { case: 'type', value: dataTypes[attribute.type] };
  if ('types' in attribute) return { case: 'list', value: { type: attribute.types.map((type) => dataTypes[type]) } };
  if ('function' in attribute) return { case: 'func', value: { name: attribute.function } };
  if ('int' in attribute) return { case: 'i', value: BigInt(attribute.int) };
  if ('ints' in attribute) return { case: 'list', value: { i: attribute.ints.map(BigInt) } };
  if ('float' in attribute) return { case: 'f', value: attribute.float };
  if ('bool' in attribute) return { case: 'b', value: attribute.bool };
  if ('text' in attribute) return { case: 's', value: Buffer.from(attribute.text) };
  if ('shape' in attribute) return { case: 'shape', value: shapeProto(attribute.shape) };
  const { type, shape, bytes } = attribute.tensor;
  return { case: 'tensor', value: { dtype: dataTypes[type], tensorShape: shapeProto(shape), tensorContent: bytes } };
}

function shapeProto(shape: Shape): MessageInitShape<typeof TensorShapeProtoSchema> {
  return { dim: shape.map((size) => ({ size: BigInt(size) })) };
}

function tensorInfos(values: Readonly<Record<string, Value>>): Record<string, MessageInitShape<typeof TensorInfoSchema>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { node, output, shape, type }]) => [
      name,
      { name: `${node}:${output}`, dtype: dataTypes[type], tensorShape: shapeProto(shape) },
    ]),
  );
}
