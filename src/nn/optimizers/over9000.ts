import { applyLayerwise } from './parts/layerwise.ts';
import { withLookahead } from './parts/lookahead.ts';
import { momentsOptimizer } from './parts/moments.ts';
import type { Optimizer } from './parts/optimizer.ts';
import { rectifiedStep } from './parts/rectified.ts';
import { decoupledDecay } from './parts/weight-decay.ts';
import type { Choice } from '../../model/params.ts';

export const about = 'RAdam with a rate for each layer (LARS) and Lookahead.';

export const params = () => ({ weight_decay: decoupledDecay() });

/** Over9000 (Grankin, 2019): RAdam with a layer-wise rate (LARS; together Ralamb) and Lookahead, as in github.com/mgrankin/over9000. */
const over9000: Choice<Optimizer, typeof params> = ({ weight_decay }) =>
  withLookahead(momentsOptimizer(weight_decay, rectifiedStep, applyLayerwise));

export default over9000;
