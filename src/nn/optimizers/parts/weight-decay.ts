import { param } from '../../../model/params.ts';

/** The weight decay of an optimizer that takes it off the weights: see `momentsOptimizer`. */
export const decoupledDecay = () =>
  param.number({
    min: 0,
    default: 0,
    about: 'Decoupled weight decay of kernels and matrices: a step shrinks them by learning rate × this.',
  });
