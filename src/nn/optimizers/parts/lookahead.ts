import type { Graph, Variable } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';
import { float } from '../../graph/types.ts';
import { currentValue } from './current-value.ts';
import type { Optimizer } from './optimizer.ts';

/** Steps from one meeting of the fast and the slow weights to the next. */
const CYCLE = 6;
/** How far the slow weights then go towards the fast ones. */
const SHARE = 0.5;

/**
 * Lookahead (Zhang et al., 2019) around an optimizer: after every sixth step a slow copy of the weight goes half of the way to where the
 * optimizer took it, and the weight goes back to that copy; the optimizer's own state goes on. Fast and slow weights are equal between
 * cycles, so the copy is taken anew before a cycle's first step and nothing is computed in the steps between.
 */
export function withLookahead(optimizer: Optimizer): Optimizer {
  return {
    slots: [...optimizer.slots, 'slow'],
    scalars: (step, learningRate) => ({ ...optimizer.scalars(step, learningRate), cycle: step % CYCLE }),
    update(graph, update) {
      const { weight, slots, scalars } = update;
      const slow = slots['slow'] as Variable;
      const isAt = (place: number): Value => equals(graph, scalars['cycle'] as Value, place);
      const copied = onlyIf(graph, isAt(1), weight.value, (start) => assign(graph, slow, start));
      const gradient = graph.after(update.gradient, [weight.value.node]);
      const moved = optimizer.update(graph, { ...update, gradient });
      return onlyIf(graph, isAt(0), currentValue(graph, weight, [copied, moved]), (fast) => {
        const way = graph.operation('Sub', [fast, slow.value], weight.shape);
        const part = graph.operation('Mul', [way, graph.constant(SHARE)], weight.shape);
        return assign(graph, weight, graph.operation('AddV2', [slow.value, part], weight.shape));
      });
    },
  };
}

function equals(graph: Graph, value: Value, number: number): Value {
  const attributes = { T: float, incompatible_shape_error: { bool: true } };
  return graph.node('Equal', { inputs: [value, graph.constant(number)], attributes, outputs: [[[], 'bool']] }).outputs[0] as Value;
}

function assign(graph: Graph, { handle }: Variable, value: Value): string {
  return graph.node('AssignVariableOp', { inputs: [handle, value], attributes: { dtype: float } }).name;
}

/** Runs the node that `work` makes from the value only if the condition holds; gives the name of a node that runs either way, after it. */
function onlyIf(graph: Graph, condition: Value, value: Value, work: (value: Value) => string): string {
  const either = [value.shape, value.type] as const;
  const { outputs } = graph.node('Switch', { inputs: [value, condition], attributes: { T: float }, outputs: [either, either] });
  const [otherwise, then] = outputs as [Value, Value];
  const done = graph.after(then, [work(then)]);
  return graph.node('Merge', { inputs: [otherwise, done], attributes: { T: float, N: { int: 2 } } }).name;
}
