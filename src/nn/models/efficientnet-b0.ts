import { efficientNet } from './parts/efficientnet.ts';
import type { Architecture } from '../network.ts';

/** EfficientNet-b0: torchvision's `efficientnet_b0`. */
const efficientNetB0: Architecture = (options) => efficientNet({ width: 1, depth: 1, dropout: 0.2 }, options);

export default efficientNetB0;
