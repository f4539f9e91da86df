import type { Graph, Variable } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';
import { float } from '../../graph/types.ts';

/** A variable's value once the named nodes have run in this call. Later updates leave what was read as it is. */
export function currentValue(graph: Graph, { handle, shape }: Variable, after: readonly string[]): Value {
  return graph.node('ReadVariableOp', { inputs: [handle], after, attributes: { dtype: float }, outputs: [[shape, 'float']] })
    .outputs[0] as Value;
}
