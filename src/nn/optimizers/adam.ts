import { firstDecay, momentsOptimizer, secondDecay } from './parts/moments.ts';
import type { Optimizer } from './parts/optimizer.ts';
import { decoupledDecay } from './parts/weight-decay.ts';
import type { Choice } from '../../model/params.ts';

export const about = 'Adam; with weight decay, AdamW.';

export const params = () => ({ weight_decay: decoupledDecay() });

const EPSILON = 1e-8;

/** Adam (Kingma and Ba, 2015) as torch.optim.Adam; with weight decay it is AdamW (Loshchilov and Hutter, 2019) as torch.optim.AdamW. */
const adam: Choice<Optimizer, typeof params> = ({ weight_decay }) =>
  momentsOptimizer(weight_decay, (step, learningRate) => {
    const root = Math.sqrt(1 - secondDecay ** step);
    return { rate: (learningRate * root) / (1 - firstDecay ** step), epsilon: EPSILON * root };
  });

export default adam;
