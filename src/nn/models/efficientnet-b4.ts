import { efficientNet } from './parts/efficientnet.ts';
import type { Architecture } from '../network.ts';

/** EfficientNet-b4: torchvision's `efficientnet_b4`. */
const efficientNetB4: Architecture = (options) => efficientNet({ width: 1.4, depth: 1.8, dropout: 0.4 }, options);

export default efficientNetB4;
