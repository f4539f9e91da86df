/** Where a training stands: its step (the first is 0) of how many, and how many of them warm up. */
export interface Position {
  readonly step: number;
  readonly steps: number;
  readonly warmUp: number;
}

/**
 * The share of the learning rate at a step: it rises evenly over the warm-up steps, then falls along half a cosine and would reach 0
 * one step after the last.
 */
export function cosine({ step, steps, warmUp }: Position): number {
  if (step < warmUp) return (step + 1) / (warmUp + 1);
  const share = (step - warmUp) / Math.max(1, steps - warmUp);
  return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, share)));
}
