import { param } from '../../../model/params.ts';

/**
 * The drop path of an architecture whose blocks may be dropped (stochastic depth): of the last block; for the others it grows evenly from 0
 * at the first.
 */
export const dropPath = () =>
  param.number({
    min: 0,
    below: 1,
    default: 0,
    about: "How often the last block's branch is dropped in training (EfficientNet: 0.2 as published, which only helps long trainings).",
  });
