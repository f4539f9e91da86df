import type { MobileBlock } from './parts/mobilenet-v3.ts';
import { mobileNetV3 } from './parts/mobilenet-v3.ts';
import type { Architecture } from '../network.ts';

export const about = "MobileNetV3-Large, as torchvision's mobilenet_v3_large.";

const blocks: readonly MobileBlock[] = [
  { kernel: 3, expanded: 16, out: 16, squeeze: false, hardSwish: false, stride: 1 },
  { kernel: 3, expanded: 64, out: 24, squeeze: false, hardSwish: false, stride: 2 },
  { kernel: 3, expanded: 72, out: 24, squeeze: false, hardSwish: false, stride: 1 },
  { kernel: 5, expanded: 72, out: 40, squeeze: true, hardSwish: false, stride: 2 },
  { kernel: 5, expanded: 120, out: 40, squeeze: true, hardSwish: false, stride: 1 },
  { kernel: 5, expanded: 120, out: 40, squeeze: true, hardSwish: false, stride: 1 },
  { kernel: 3, expanded: 240, out: 80, squeeze: false, hardSwish: true, stride: 2 },
  { kernel: 3, expanded: 200, out: 80, squeeze: false, hardSwish: true, stride: 1 },
  { kernel: 3, expanded: 184, out: 80, squeeze: false, hardSwish: true, stride: 1 },
  { kernel: 3, expanded: 184, out: 80, squeeze: false, hardSwish: true, stride: 1 },
  { kernel: 3, expanded: 480, out: 112, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 3, expanded: 672, out: 112, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 5, expanded: 672, out: 160, squeeze: true, hardSwish: true, stride: 2 },
  { kernel: 5, expanded: 960, out: 160, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 5, expanded: 960, out: 160, squeeze: true, hardSwish: true, stride: 1 },
];

/** MobileNetV3-large: torchvision's `mobilenet_v3_large`. */
const mobileNetV3Large: Architecture = (options) => mobileNetV3(blocks, 1280, options);

export default mobileNetV3Large;
