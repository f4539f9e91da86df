import type { MomentsStep } from './moments.ts';
import { firstDecay, secondDecay } from './moments.ts';

const EPSILON = 1e-8;
/** So much larger than any √variance that dividing by their sum is dividing by this alone. */
const FLAT = 1e12;

/**
 * The numbers of a step of RAdam (Liu et al., 2020) as torch.optim.RAdam has them: while too few gradients are seen to trust their
 * variance (the first five steps), the weight moves by the corrected mean alone; afterwards as Adam does, times a factor that grows to 1.
 */
export function rectifiedStep(step: number, learningRate: number): MomentsStep {
  const corrected = learningRate / (1 - firstDecay ** step);
  const power = secondDecay ** step;
  const limit = 2 / (1 - secondDecay) - 1;
  const length = limit - (2 * step * power) / (1 - power);
  if (length <= 5) return { rate: corrected * FLAT, epsilon: FLAT };
  const rectified = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
  return { rate: corrected * rectified * Math.sqrt(1 - power), epsilon: EPSILON };
}
