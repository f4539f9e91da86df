import { efficientNetLite } from './parts/efficientnet-lite.ts';
import type { Architecture } from '../network.ts';

/** EfficientNet-Lite0: timm's `tf_efficientnet_lite0`. */
const efficientNetLite0: Architecture = (options) => efficientNetLite(options);

export default efficientNetLite0;
