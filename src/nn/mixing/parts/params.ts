import { param } from '../../../model/params.ts';

/** How often batches are mixed: see `sometimes`. */
export const probability = () => param.number({ min: 0, max: 1, default: 0.5, about: 'The share of batches that are mixed.' });

/** How much of an image stays its own: see `symmetricBeta`. */
export const alpha = () =>
  param.number({ above: 0, default: 1, about: "Both parameters of the mixing share's beta distribution; 1 is even." });
