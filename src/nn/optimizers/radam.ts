import { momentsOptimizer } from '../optimization/moments.ts';
import type { MakeOptimizer } from '../optimization/optimizer.ts';
import { rectifiedStep } from '../optimization/rectified.ts';

/** RAdam (Liu et al., 2020) as torch.optim.RAdam, with decoupled weight decay. */
const radam: MakeOptimizer = (options) => momentsOptimizer(options, rectifiedStep);

export default radam;
