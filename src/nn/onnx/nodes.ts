import { create } from '@bufbuild/protobuf';
import type { Activation } from '../network.ts';
import type { Tensor } from '../weights/tensor.ts';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './generated/onnx_pb.ts';
import type { AttributeProto, NodeProto, TensorProto, ValueInfoProto } from './generated/onnx_pb.ts';

/** Whole numbers become INT, lists INTS, texts STRING and `{ float }` FLOAT attributes. */
export type OnnxAttributes = Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>;

/** One node of the graph. */
export function node(type: string, name: string, inputs: readonly string[], output: string, attributes: OnnxAttributes = {}): NodeProto {
  const attribute = Object.entries(attributes).map(([key, value]): AttributeProto => {
    if (typeof value === 'number') return create(AttributeProtoSchema, { name: key, type: AttributeType.INT, i: BigInt(value) });
    if (typeof value === 'string') return create(AttributeProtoSchema, { name: key, type: AttributeType.STRING, s: Buffer.from(value) });
    if ('float' in value) return create(AttributeProtoSchema, { name: key, type: AttributeType.FLOAT, f: value.float });
    return create(AttributeProtoSchema, { name: key, type: AttributeType.INTS, ints: value.map(BigInt) });
  });
  return create(NodeProtoSchema, { name, opType: type, input: [...inputs], output: [output], attribute });
}

/** A float32 array as it stands in the file: little-endian bytes. */
export function tensor(name: string, { shape, data }: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: DataType.FLOAT,
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
}

/** The numbers of a float32 constant; they may lie in the same memory. */
export function floatsOf({ name, dataType, rawData }: TensorProto): Float32Array {
  if (dataType !== DataType.FLOAT) throw new Error(`The constant "${name}" is not float32.`);
  const bytes = rawData.byteOffset % 4 === 0 ? rawData : rawData.slice();
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** A list of whole numbers, as nodes take places and orders. */
export function integers(name: string, values: readonly number[]): TensorProto {
  const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return create(TensorProtoSchema, { name, dims: [BigInt(values.length)], dataType: DataType.INT64, rawData });
}

/** An input or output of the graph, of float32 numbers unless they are bytes; a text is a dimension that the caller chooses. */
export function value(name: string, dimensions: readonly (number | string)[], type: 'float32' | 'bytes' = 'float32'): ValueInfoProto {
  const dim = dimensions.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'string' ? { case: 'dimParam', value: size } : { case: 'dimValue', value: BigInt(size) },
    }),
  );
  const shape = create(TensorShapeProtoSchema, { dim });
  const elemType = type === 'bytes' ? DataType.UINT8 : DataType.FLOAT;
  const typeProto = create(TypeProtoSchema, {
    value: { case: 'tensorType', value: create(TypeProto_TensorSchema, { elemType, shape }) },
  });
  return create(ValueInfoProtoSchema, { name, type: typeProto });
}

/** A float32 output of any shape. */
export function anyValue(name: string): ValueInfoProto {
  const type = create(TypeProtoSchema, {
    value: { case: 'tensorType', value: create(TypeProto_TensorSchema, { elemType: DataType.FLOAT }) },
  });
  return create(ValueInfoProtoSchema, { name, type });
}

/** The nodes and constants of one activation. */
export function activation(
  kind: Activation,
  name: string,
  input: string,
  output: string,
): { nodes: NodeProto[]; constants: TensorProto[] } {
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
