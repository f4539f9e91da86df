import { seResNeXt } from './parts/se-resnext.ts';
import type { Architecture } from '../network.ts';

/** SE-ResNeXt50-32x4d: timm's `seresnext50_32x4d`. */
const seResNeXt50: Architecture = (options) => seResNeXt([3, 4, 6, 3], options);

export default seResNeXt50;
