import { dropPath } from './parts/drop-path.ts';
import { efficientNet } from './parts/efficientnet.ts';
import type { Choice } from '../../model/params.ts';
import type { Architecture } from '../network.ts';

export const about = "EfficientNet-B0, as torchvision's efficientnet_b0.";

export const params = () => ({ drop_path: dropPath() });

/** EfficientNet-b0: torchvision's `efficientnet_b0`. */
const efficientNetB0: Choice<Architecture, typeof params> =
  ({ drop_path }) =>
  (options) =>
    efficientNet({ width: 1, depth: 1, dropout: 0.2, dropPath: drop_path }, options);

export default efficientNetB0;
