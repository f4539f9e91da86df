import type { MobileBlock } from './parts/mobilenet-v3.ts';
import { mobileNetV3 } from './parts/mobilenet-v3.ts';
import type { Architecture } from '../network.ts';

export const about = "MobileNetV3-Small, as torchvision's mobilenet_v3_small.";

const blocks: readonly MobileBlock[] = [
  { kernel: 3, expanded: 16, out: 16, squeeze: true, hardSwish: false, stride: 2 },
  { kernel: 3, expanded: 72, out: 24, squeeze: false, hardSwish: false, stride: 2 },
  { kernel: 3, expanded: 88, out: 24, squeeze: false, hardSwish: false, stride: 1 },
  { kernel: 5, expanded: 96, out: 40, squeeze: true, hardSwish: true, stride: 2 },
  { kernel: 5, expanded: 240, out: 40, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 5, expanded: 240, out: 40, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 5, expanded: 120, out: 48, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 5, expanded: 144, out: 48, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 5, expanded: 288, out: 96, squeeze: true, hardSwish: true, stride: 2 },
  { kernel: 5, expanded: 576, out: 96, squeeze: true, hardSwish: true, stride: 1 },
  { kernel: 5, expanded: 576, out: 96, squeeze: true, hardSwish: true, stride: 1 },
];

/** MobileNetV3-small: torchvision's `mobilenet_v3_small`. */
const mobileNetV3Small: Architecture = (options) => mobileNetV3(blocks, 1024, options);

export default mobileNetV3Small;
