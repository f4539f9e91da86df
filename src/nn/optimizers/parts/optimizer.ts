import type { Graph, Variable } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';

/** One weight with all that its update reads. */
export interface Update {
  readonly weight: Variable;
  readonly gradient: Value;
  /** The optimizer's own state of this weight, by slot; it starts at 0. */
  readonly slots: Readonly<Record<string, Variable>>;
  /** The step's numbers, by name. */
  readonly scalars: Readonly<Record<string, Value>>;
}

/**
 * How weights are moved by their gradients. Its state lives in the graph; numbers that change with the step are fed. Each choice in
 * `optimizers/` exports one as its default, or a function of its params that makes one.
 */
export interface Optimizer {
  /** State tensors of a weight's own shape. */
  readonly slots: readonly string[];
  /** The numbers fed at a step (the first is 1), always under the same names, in the same order. */
  scalars(step: number, learningRate: number): Readonly<Record<string, number>>;
  /** Adds a weight's update to the graph and gives the name of the node that does it. */
  update(graph: Graph, update: Update): string;
}
