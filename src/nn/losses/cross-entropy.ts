import { crossEntropy } from './parts/cross-entropy.ts';
import type { Loss } from './parts/loss.ts';

export const about = 'Softmax cross-entropy, of hard or soft labels.';

/** Softmax cross-entropy, of hard, soft or smoothed labels: torch's `CrossEntropyLoss`. */
const loss: Loss = {
  value: (graph, { logits, smoothed }) => crossEntropy(graph, logits, smoothed),
};

export default loss;
