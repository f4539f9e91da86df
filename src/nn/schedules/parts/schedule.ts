/** Where a training stands; for a schedule, counted from the end of the warm-up. */
export interface Position {
  /** The first is 0. */
  readonly step: number;
  /** All steps. */
  readonly steps: number;
  /** Steps of an epoch. */
  readonly perEpoch: number;
}

/**
 * The share of the highest learning rate at a position. Each choice in `schedules/` exports one as its default, or a function of its
 * params that makes one.
 */
export type Schedule = (position: Position) => number;

/** How a training's learning rate moves. */
export interface LearningRate {
  readonly highest: number;
  readonly schedule: Schedule;
  /** The share of all steps in which it rises, evenly. */
  readonly warmUp: number;
}

/** The learning rate of a step (the first is 0): it rises evenly over the warm-up steps, then follows its schedule. */
export function learningRateAt({ highest, schedule, warmUp }: LearningRate, { step, steps, perEpoch }: Position): number {
  const rising = Math.floor(warmUp * steps);
  if (step < rising) return (highest * (step + 1)) / (rising + 1);
  return highest * schedule({ step: step - rising, steps: Math.max(1, steps - rising), perEpoch });
}
