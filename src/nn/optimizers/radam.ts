import { momentsOptimizer } from './parts/moments.ts';
import type { Optimizer } from './parts/optimizer.ts';
import { rectifiedStep } from './parts/rectified.ts';
import { decoupledDecay } from './parts/weight-decay.ts';
import type { Choice } from '../../model/params.ts';

export const about = 'RAdam, with decoupled weight decay.';

export const params = () => ({ weight_decay: decoupledDecay() });

/** RAdam (Liu et al., 2020) as torch.optim.RAdam, with decoupled weight decay. */
const radam: Choice<Optimizer, typeof params> = ({ weight_decay }) => momentsOptimizer(weight_decay, rectifiedStep);

export default radam;
