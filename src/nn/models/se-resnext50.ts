import { dropPath } from './parts/drop-path.ts';
import { seResNeXt } from './parts/se-resnext.ts';
import type { Choice } from '../../model/params.ts';
import type { Architecture } from '../network.ts';

export const about = "SE-ResNeXt-50 32x4d, as timm's seresnext50_32x4d.";

export const params = () => ({ drop_path: dropPath() });

/** SE-ResNeXt50-32x4d: timm's `seresnext50_32x4d`. */
const seResNeXt50: Choice<Architecture, typeof params> =
  ({ drop_path }) =>
  (options) =>
    seResNeXt({ blocks: [3, 4, 6, 3], dropPath: drop_path }, options);

export default seResNeXt50;
