import type { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/types.ts';
import { float } from '../graph/types.ts';
import { currentValue } from '../optimizers/parts/current-value.ts';

/** The name of the variable that holds the moving average of another. */
export const averageName = (name: string): string => `ema/${name}`;

/** Moving averages in a training graph. */
export interface MovingAverage {
  /** Nodes that every step must run. They run after the updates that they were added to. */
  readonly updates: readonly string[];
  /** The average of a variable, before this call's updates. */
  value(name: string): Value;
}

/** What moving averages are made of. */
export interface MovingAverageOptions {
  /** The variables to average: weights and running statistics. */
  readonly names: readonly string[];
  /** The share of the average that a step keeps: 0 to below 1. */
  readonly decay: number;
  /** The nodes that update those variables. */
  readonly after: readonly string[];
}

/**
 * Adds to a training graph the moving average of variables, as variables of their shapes named by `averageName`: the first step copies
 * what its updates give, and each later one moves the average by (1 − decay) · (variable − average), as
 * torch.optim.swa_utils.AveragedModel does with get_ema_multi_avg_fn and use_buffers. Like an optimizer's slots they start at 0 and are
 * part of the training's state, and so is `ema/started`, which becomes 1 with the first step. Throws if a name is not a variable yet.
 */
export function addMovingAverage(graph: Graph, { names, decay, after }: MovingAverageOptions): MovingAverage {
  const started = graph.variable('ema/started', []);
  const one = graph.constant(1);
  const running = graph.node('Greater', {
    inputs: [started.value, graph.constant(0)],
    attributes: { T: float },
    outputs: [[[], 'bool']],
  });
  const share = graph.operation('SelectV2', [...running.outputs, graph.constant(1 - decay), one], []);
  const updated = graph.node('NoOp', { after }).name;
  const moved = names.map((name) => {
    const source = graph.variables.get(name);
    if (source === undefined) throw new Error(`The graph has no variable "${name}" to average.`);
    const average = graph.variable(averageName(name), source.shape);
    const way = graph.operation('Sub', [average.value, currentValue(graph, source, [updated])], source.shape);
    return graph.node('ResourceApplyGradientDescent', {
      inputs: [average.handle, share, way],
      attributes: { T: float, use_locking: { bool: false } },
    }).name;
  });
  const start = graph.node('AssignVariableOp', { inputs: [started.handle, one], after: [share.node], attributes: { dtype: float } }).name;
  return {
    updates: [...moved, start],
    value(name) {
      const average = graph.variables.get(averageName(name));
      if (average === undefined) throw new Error(`There is no moving average of "${name}".`);
      return average.value;
    },
  };
}
