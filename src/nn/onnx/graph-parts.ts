import type { NodeProto, TensorProto } from './generated/onnx_pb.ts';

/** What a graph computes: its nodes in order, and its constants. */
export interface GraphParts {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

/** Makes other nodes and constants of a graph's, with the same inputs and outputs. */
export type GraphRewrite = (parts: GraphParts) => GraphParts;

/** Whether a node computes with weights that it reads as its second input. */
export function hasWeights({ opType }: NodeProto): boolean {
  return opType === 'Conv' || opType === 'Gemm';
}
