import { crossEntropy } from './parts/cross-entropy.ts';
import type { Loss } from './parts/loss.ts';

/** Softmax cross-entropy, of hard, soft or smoothed labels: torch's `CrossEntropyLoss`. */
const loss: Loss = {
  value: (graph, { logits, labels }, { smoothing }) => crossEntropy(graph, logits, labels, smoothing),
};

export default loss;
