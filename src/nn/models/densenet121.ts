import { denseNet } from './parts/densenet.ts';
import type { Architecture } from '../network.ts';

/** DenseNet121: torchvision's `densenet121`. */
const denseNet121: Architecture = (options) => denseNet([6, 12, 24, 16], options);

export default denseNet121;
