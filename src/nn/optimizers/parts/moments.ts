import type { Graph, Variable } from '../../graph/graph.ts';
import type { Value } from '../../graph/types.ts';
import { float } from '../../graph/types.ts';
import type { Optimizer, Update } from './optimizer.ts';

/** What decides a member of the Adam family: the numbers of its step. */
export interface MomentsStep {
  /** The weight moves by rate · mean / (√variance + epsilon), both moments uncorrected. */
  readonly rate: number;
  readonly epsilon: number;
}

export const firstDecay = 0.9;
export const secondDecay = 0.999;

/** Adds the part of an update that follows weight decay, to run after the named nodes, and gives the name of the node that ends it. */
export type ApplyMoments = (graph: Graph, update: Update, after: readonly string[]) => string;

/**
 * An optimizer that keeps running means of the gradient and of its square. The share learning rate × weight decay is taken off a weight
 * before it moves, as torch.optim.AdamW does; vectors (biases, norms) are spared.
 */
export function momentsOptimizer(
  weightDecay: number,
  step: (step: number, learningRate: number) => MomentsStep,
  apply: ApplyMoments = applyMoments,
): Optimizer {
  const decays = weightDecay > 0;
  return {
    slots: ['mean', 'variance'],
    scalars(count, learningRate) {
      const moved = step(count, learningRate);
      const root = Math.sqrt(excess(secondDecay, count));
      const numbers = { rate: (moved.rate * root) / excess(firstDecay, count), epsilon: moved.epsilon * root };
      return decays ? { ...numbers, decay: learningRate * weightDecay } : numbers;
    },
    update(graph, update) {
      const shrunk = decays && update.weight.shape.length > 1 ? [shrink(graph, update)] : [];
      return apply(graph, update, shrunk);
    },
  };
}

/** By what factor the kernel's running mean is too large after some steps: it rounds 0.999 so that 1 − 0.999 is off by 1.3e-5 of itself. */
function excess(decay: number, steps: number): number {
  return (1 - Math.fround(decay) ** steps) / (1 - decay ** steps);
}

/**
 * Moves the moments and the weight by TensorFlow's fused kernel (`ResourceApplyAdam`). The kernel's own bias correction is turned off by
 * feeding it 0 as the powers of the decays; the step's numbers are corrected instead.
 */
export function applyMoments(graph: Graph, { weight, gradient, slots, scalars }: Update, after: readonly string[]): string {
  const zero = graph.constant(0);
  const state = [weight, slots['mean'], slots['variance']].map((variable) => (variable as Variable).handle);
  const { rate, epsilon } = scalars as { readonly rate: Value; readonly epsilon: Value };
  const decays = [graph.constant(firstDecay), graph.constant(secondDecay)];
  return graph.node('ResourceApplyAdam', {
    inputs: [...state, zero, zero, rate, ...decays, epsilon, gradient],
    after,
    attributes: { T: float, use_locking: { bool: false }, use_nesterov: { bool: false } },
  }).name;
}

/** Takes the share `decay` off the weight. */
function shrink(graph: Graph, { weight, scalars }: Update): string {
  const change = graph.operation('Mul', [weight.value, scalars['decay'] as Value], weight.shape);
  return graph.node('AssignSubVariableOp', { inputs: [weight.handle, change], attributes: { dtype: float } }).name;
}
