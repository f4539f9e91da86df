import { shuffleNetV2 } from './parts/shufflenet-v2.ts';
import type { Architecture } from '../network.ts';

export const about = "ShuffleNetV2 1.0x, as torchvision's shufflenet_v2_x1_0.";

/** ShuffleNetV2 1.0x: torchvision's `shufflenet_v2_x1_0`. */
const shuffleNetV2x1: Architecture = (options) => shuffleNetV2(options);

export default shuffleNetV2x1;
