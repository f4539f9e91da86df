import { dropPath } from './parts/drop-path.ts';
import { efficientNet } from './parts/efficientnet.ts';
import type { Choice } from '../../model/params.ts';
import type { Architecture } from '../network.ts';

export const about = "EfficientNet-B4, as torchvision's efficientnet_b4.";

export const params = () => ({ drop_path: dropPath() });

/** EfficientNet-b4: torchvision's `efficientnet_b4`. */
const efficientNetB4: Choice<Architecture, typeof params> =
  ({ drop_path }) =>
  (options) =>
    efficientNet({ width: 1.4, depth: 1.8, dropout: 0.4, dropPath: drop_path }, options);

export default efficientNetB4;
