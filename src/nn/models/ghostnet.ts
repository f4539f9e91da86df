import { ghostNet } from './parts/ghostnet.ts';
import type { Architecture } from '../network.ts';

export const about = "GhostNet 1.0x, as timm's ghostnet_100.";

/** GhostNet 1.0x: timm's `ghostnet_100`. */
const ghostNet100: Architecture = (options) => ghostNet(options);

export default ghostNet100;
