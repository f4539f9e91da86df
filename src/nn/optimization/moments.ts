import type { Graph } from '../graph/graph.ts';
import { float } from '../graph/types.ts';
import type { Optimizer, OptimizerOptions, Update } from './optimizer.ts';

/** What decides a member of the Adam family: the numbers of its step. */
export interface MomentsStep {
  /** The weight moves by rate · mean / (√variance + epsilon), both moments uncorrected. */
  readonly rate: number;
  readonly epsilon: number;
}

export const firstDecay = 0.9;
export const secondDecay = 0.999;

/**
 * An optimizer that keeps running means of the gradient and of its square, as TensorFlow's fused kernel (`ResourceApplyAdam`) does. The
 * kernel's own bias correction is turned off by feeding it 0 as the powers of the decays; `step` gives corrected numbers instead.
 */
export function momentsOptimizer(options: OptimizerOptions, step: (step: number, learningRate: number) => MomentsStep): Optimizer {
  const decays = options.weightDecay > 0;
  return {
    slots: ['mean', 'variance'],
    scalars(count, learningRate) {
      const { rate, epsilon } = step(count, learningRate);
      return decays ? { rate, epsilon, decay: learningRate * options.weightDecay } : { rate, epsilon };
    },
    update(graph, update) {
      const shrunk = decays && update.weight.shape.length > 1 ? [shrink(graph, update)] : [];
      return applyMoments(graph, update, shrunk);
    },
  };
}

function applyMoments(graph: Graph, { weight, gradient, slots, scalars }: Update, after: readonly string[]): string {
  const zero = graph.constant(0);
  const state = [weight, slots['mean'], slots['variance']].map((variable) => (variable as Update['weight']).handle);
  const { rate, epsilon } = scalars as { readonly rate: Update['gradient']; readonly epsilon: Update['gradient'] };
  const decays = [graph.constant(firstDecay), graph.constant(secondDecay)];
  return graph.node('ResourceApplyAdam', {
    inputs: [...state, zero, zero, rate, ...decays, epsilon, gradient],
    after,
    attributes: { T: float, use_locking: { bool: false }, use_nesterov: { bool: false } },
  }).name;
}

/** Takes the share `decay` off the weight. */
function shrink(graph: Graph, { weight, scalars }: Update): string {
  const change = graph.operation('Mul', [weight.value, scalars['decay'] as Update['gradient']], weight.shape);
  return graph.node('AssignSubVariableOp', { inputs: [weight.handle, change], attributes: { dtype: float } }).name;
}
