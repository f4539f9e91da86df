/** Where a training stands; for a schedule, counted from the end of the warm-up. */
export interface Position {
  /** The first is 0. */
  readonly step: number;
  /** All steps. */
  readonly steps: number;
  /** Steps of an epoch. */
  readonly perEpoch: number;
}

/** What the schedules may be told. Each reads what concerns it. */
export interface ScheduleOptions {
  /** Step: the epochs between two falls. */
  readonly every: number;
  /** Step: what a fall multiplies by. */
  readonly factor: number;
}

/** The share of the highest learning rate at a position. Each choice in `schedules/` exports one as its default. */
export type Schedule = (position: Position, options: ScheduleOptions) => number;

/** How a training's learning rate moves. */
export interface LearningRate {
  readonly highest: number;
  readonly schedule: Schedule;
  readonly options: ScheduleOptions;
  /** The share of all steps in which it rises, evenly. */
  readonly warmUp: number;
}

/** The learning rate of a step (the first is 0): it rises evenly over the warm-up steps, then follows its schedule. */
export function learningRateAt({ highest, schedule, options, warmUp }: LearningRate, { step, steps, perEpoch }: Position): number {
  const rising = Math.floor(warmUp * steps);
  if (step < rising) return (highest * (step + 1)) / (rising + 1);
  return highest * schedule({ step: step - rising, steps: Math.max(1, steps - rising), perEpoch }, options);
}
