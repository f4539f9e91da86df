import { withLookahead } from './parts/lookahead.ts';
import { momentsOptimizer } from './parts/moments.ts';
import type { MakeOptimizer } from './parts/optimizer.ts';
import { rectifiedStep } from './parts/rectified.ts';

/**
 * Ranger (Wright, 2019): RAdam with Lookahead, of six steps and one half. The decays are RAdam's own, 0.9 and 0.999, and there is no
 * gradient centralization, as in github.com/mgrankin/over9000; Ranger's own repository later took 0.95 and added it.
 */
const ranger: MakeOptimizer = (options) => withLookahead(momentsOptimizer(options, rectifiedStep));

export default ranger;
