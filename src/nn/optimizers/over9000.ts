import { applyLayerwise } from '../optimization/layerwise.ts';
import { withLookahead } from '../optimization/lookahead.ts';
import { momentsOptimizer } from '../optimization/moments.ts';
import type { MakeOptimizer } from '../optimization/optimizer.ts';
import { rectifiedStep } from '../optimization/rectified.ts';

/** Over9000 (Grankin, 2019): RAdam with a layer-wise rate (LARS; together Ralamb) and Lookahead, as in github.com/mgrankin/over9000. */
const over9000: MakeOptimizer = (options) => withLookahead(momentsOptimizer(options, rectifiedStep, applyLayerwise));

export default over9000;
