import type { Expected } from '../event.ts';

/**
 * What is believed of how long a node takes. The logarithm of its seconds is normally distributed: each execution deviates on its own, and
 * all instances of a node deviate together, by how much this run's work is more or less than that of earlier ones.
 */
export interface Belief {
  /** Of the logarithm. */
  readonly mean: number;
  readonly own: number;
  readonly shared: number;
}

/** By how much executions of equal work deviate, as a logarithm, where nothing is known; and how many of them that counts as. */
const USUAL = { deviation: 0.15, executions: 4 } as const;

/** How many executions of a node's own what is known of all nodes counts as. */
const OF_ALL = 4;

/** How much the work of a node may differ from earlier ones, by what was executed then. */
const SHARED: Readonly<Record<Expected['of'], number>> = { same: 0.03, former: 0.35, siblings: 0.25 };

/** How much all work that was executed so may differ from earlier runs: the machine is busier, or the data are larger. */
export const TOGETHER: Readonly<Record<Expected['of'], number>> = { same: 0.07, former: 0.45, siblings: 0.2 };

/** The least that counts as a duration. */
const LEAST_SECONDS = 0.001;

/** The logarithm of seconds. */
export function logOf(seconds: number): number {
  return Math.log(Math.max(seconds, LEAST_SECONDS));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Squares of deviations, and how many of them are free. */
export interface Scatter {
  readonly squares: number;
  readonly degrees: number;
}

/** By how much executions of the same node deviate from each other. */
export function scatterOf({ took }: Pick<Expected, 'took'>): Scatter {
  const logs = took.map(logOf);
  const mean = meanOf(logs);
  return { squares: logs.reduce((sum, log) => sum + (log - mean) ** 2, 0), degrees: logs.length - 1 };
}

/** By how much executions deviate, from all that deviated: the less there is, the more what is usual counts. */
export function deviationOf(
  scatters: readonly Scatter[],
  { deviation, executions }: { readonly deviation: number; readonly executions: number } = USUAL,
): number {
  let [squares, degrees] = [executions * deviation ** 2, executions];
  for (const one of scatters) {
    squares += one.squares;
    degrees += one.degrees;
  }
  return Math.sqrt(squares / degrees);
}

/** What earlier executions say; `usual`: by how much those of all nodes deviate. */
export function beliefOf(expected: Pick<Expected, 'took' | 'of'>, usual: number): Belief {
  const logs = expected.took.map(logOf);
  const scatter = scatterOf(expected);
  // What Student's distribution has more in its tails than the normal one.
  const own = deviationOf([scatter], { deviation: usual, executions: OF_ALL }) * (1 + 0.5 / (OF_ALL + scatter.degrees));
  return { mean: meanOf(logs), own, shared: Math.hypot(SHARED[expected.of], own / Math.sqrt(logs.length)) };
}

/** What instances of the same node say that have ended in this run, or are so far on that it can be told when they will. */
export function beliefFromSiblings(seconds: readonly number[], usual: number): Belief {
  return beliefOf({ took: seconds, of: 'same' }, Math.max(usual, 0.2));
}

/** A normally distributed value. */
export interface Normal {
  readonly mean: number;
  readonly variance: number;
}

/** What is known of a value after observations of it, each as exact as its variance says. */
export function updated(prior: Normal, observed: readonly Normal[]): Normal {
  let precision = 1 / prior.variance;
  let weighted = prior.mean * precision;
  for (const { mean, variance } of observed) {
    precision += 1 / variance;
    weighted += mean / variance;
  }
  return { mean: weighted / precision, variance: 1 / precision };
}

/** Several observations of a value as one. */
export function combined(observed: readonly Normal[]): Normal {
  let [precision, weighted] = [0, 0];
  for (const { mean, variance } of observed) {
    precision += 1 / variance;
    weighted += mean / variance;
  }
  return { mean: weighted / precision, variance: 1 / precision };
}

/** What a share of its progress says of how long a running node takes: little at the beginning, when it has started but not yet begun. */
export function fromProgress(share: number, seconds: number): Normal {
  const deviation = 0.05 + 0.45 * (1 - share) ** 2;
  return { mean: logOf(seconds / share), variance: deviation * deviation };
}
