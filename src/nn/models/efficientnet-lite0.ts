import { dropPath } from './parts/drop-path.ts';
import { efficientNetLite } from './parts/efficientnet-lite.ts';
import type { Choice } from '../../model/params.ts';
import type { Architecture } from '../network.ts';

export const about = "EfficientNet-Lite0, as timm's tf_efficientnet_lite0: no squeeze-and-excite, ReLU6.";

export const params = () => ({ drop_path: dropPath() });

/** EfficientNet-Lite0: timm's `tf_efficientnet_lite0`. */
const efficientNetLite0: Choice<Architecture, typeof params> =
  ({ drop_path }) =>
  (options) =>
    efficientNetLite(drop_path, options);

export default efficientNetLite0;
