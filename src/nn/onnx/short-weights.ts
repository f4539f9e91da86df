import { create } from '@bufbuild/protobuf';
import { toBfloat16 } from '../graph/bfloat16.ts';
import { toFloat16 } from '../weights/numbers.ts';
import { TensorProto_DataType as DataType, TensorProtoSchema } from './generated/onnx_pb.ts';
import type { NodeProto } from './generated/onnx_pb.ts';
import { hasWeights } from './graph-parts.ts';
import type { GraphRewrite } from './graph-parts.ts';
import { floatsOf, node } from './nodes.ts';

const kinds = {
  float16: { type: DataType.FLOAT16, round: toFloat16 },
  bfloat16: { type: DataType.BFLOAT16, round: toBfloat16 },
} as const;

/**
 * Stores the weights of convolutions and dense layers in two bytes each, rounded to the nearest, with a cast to float32 before they are
 * read. So every runtime can load the file; in what precision it computes is the runtime's own matter.
 * @throws a RangeError that names a weight that is too large for float16.
 */
export function shortWeights(precision: keyof typeof kinds): GraphRewrite {
  const { type, round } = kinds[precision];
  return ({ nodes, initializers }) => {
    const names = new Set(nodes.filter(hasWeights).map(({ input }) => input[1]));
    const casts: NodeProto[] = [];
    const stored = initializers.map((tensor) => {
      if (!names.has(tensor.name)) return tensor;
      const floats = floatsOf(tensor);
      if (precision === 'float16' && floats.some((value) => Math.abs(value) >= 65_520)) {
        throw new RangeError(`The weight "${tensor.name}" holds a number above 65504, the largest of float16.`);
      }
      const name = `${tensor.name}.${precision}`;
      casts.push(node('Cast', `${tensor.name}.cast`, [name], tensor.name, { to: DataType.FLOAT }));
      return create(TensorProtoSchema, { name, dims: tensor.dims, dataType: type, rawData: new Uint8Array(round(floats).buffer) });
    });
    return { nodes: [...casts, ...nodes], initializers: stored };
  };
}
