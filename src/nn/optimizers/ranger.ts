import { withLookahead } from './parts/lookahead.ts';
import { momentsOptimizer } from './parts/moments.ts';
import type { Optimizer } from './parts/optimizer.ts';
import { rectifiedStep } from './parts/rectified.ts';
import { decoupledDecay } from './parts/weight-decay.ts';
import type { Choice } from '../../model/params.ts';

export const about = 'RAdam with Lookahead.';

export const params = () => ({ weight_decay: decoupledDecay() });

/**
 * Ranger (Wright, 2019): RAdam with Lookahead, of six steps and one half. The decays are RAdam's own, 0.9 and 0.999, and there is no
 * gradient centralization, as in github.com/mgrankin/over9000; Ranger's own repository later took 0.95 and added it.
 */
const ranger: Choice<Optimizer, typeof params> = ({ weight_decay }) => withLookahead(momentsOptimizer(weight_decay, rectifiedStep));

export default ranger;
