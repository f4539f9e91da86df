import { efficientNet } from './parts/efficientnet.ts';
import type { Architecture } from '../network.ts';

/** EfficientNet-b1: torchvision's `efficientnet_b1`. */
const efficientNetB1: Architecture = (options) => efficientNet({ width: 1, depth: 1.1, dropout: 0.2 }, options);

export default efficientNetB1;
