import { applyLayerwise } from './parts/layerwise.ts';
import { withLookahead } from './parts/lookahead.ts';
import { momentsOptimizer } from './parts/moments.ts';
import type { MakeOptimizer } from './parts/optimizer.ts';
import { rectifiedStep } from './parts/rectified.ts';

/** Over9000 (Grankin, 2019): RAdam with a layer-wise rate (LARS; together Ralamb) and Lookahead, as in github.com/mgrankin/over9000. */
const over9000: MakeOptimizer = (options) => withLookahead(momentsOptimizer(options, rectifiedStep, applyLayerwise));

export default over9000;
