import { momentsOptimizer } from './parts/moments.ts';
import type { MakeOptimizer } from './parts/optimizer.ts';
import { rectifiedStep } from './parts/rectified.ts';

/** RAdam (Liu et al., 2020) as torch.optim.RAdam, with decoupled weight decay. */
const radam: MakeOptimizer = (options) => momentsOptimizer(options, rectifiedStep);

export default radam;
