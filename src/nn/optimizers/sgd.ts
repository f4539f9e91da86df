import type { Variable } from '../graph/graph.ts';
import type { Value } from '../graph/types.ts';
import { float } from '../graph/types.ts';
import type { Optimizer } from './parts/optimizer.ts';
import { type Choice, param } from '../../model/params.ts';

export const about = 'Stochastic gradient descent with momentum.';

export const params = () => ({
  weight_decay: param.number({
    min: 0,
    default: 0,
    about: 'Coupled weight decay of kernels and matrices: this × weight joins the gradient.',
  }),
  momentum: param.number({ min: 0, below: 1, default: 0.9, about: "The share of a step's direction that the next one keeps." }),
});

/**
 * Stochastic gradient descent with momentum as torch.optim.SGD: velocity ← momentum · velocity + gradient, and the weight moves by
 * learning rate · velocity. Weight decay is coupled, as there: it is added to the gradient, so momentum carries it on.
 */
const sgd: Choice<Optimizer, typeof params> = ({ weight_decay: weightDecay, momentum }) => ({
  slots: ['velocity'],
  scalars: (_step, learningRate) => ({ rate: learningRate }),
  update(graph, { weight, gradient, slots, scalars }) {
    const { shape } = weight;
    const decay = (): Value => graph.operation('Mul', [weight.value, graph.constant(weightDecay)], shape);
    const slope = weightDecay > 0 && shape.length > 1 ? graph.operation('AddV2', [gradient, decay()], shape) : gradient;
    return graph.node('ResourceApplyMomentum', {
      inputs: [weight.handle, (slots['velocity'] as Variable).handle, scalars['rate'] as Value, slope, graph.constant(momentum)],
      attributes: { T: float, use_locking: { bool: false }, use_nesterov: { bool: false } },
    }).name;
  },
});

export default sgd;
