import { denseNet } from './parts/densenet.ts';
import type { Architecture } from '../network.ts';

export const about = "DenseNet-121, as torchvision's densenet121.";

/** DenseNet121: torchvision's `densenet121`. */
const denseNet121: Architecture = (options) => denseNet([6, 12, 24, 16], options);

export default denseNet121;
