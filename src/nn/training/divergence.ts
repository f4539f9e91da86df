import type { Weights } from '../weights/tensor.ts';

/** The training has run away and cannot go on: a loss, a weight or an answer is no number, or the loss grew beyond all measure. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/** Where a training stands: steps done, and the epoch (from 1) that the last of them belongs to. */
export interface Moment {
  readonly step: number;
  readonly epoch: number;
}

/** A loss of more than this many times that of the first step (or of 1, if that is larger) is one that no training comes back from. */
const growth = 1e4;

const at = ({ step, epoch }: Moment): string => `at step ${step} (epoch ${epoch})`;

/** Throws a `DivergedError` if the loss of a step is not finite or has exploded, measured by the loss of the first step. */
export function checkLoss(loss: number, firstLoss: number, place: Moment): void {
  if (!Number.isFinite(loss)) throw new DivergedError(`The loss became ${loss} ${at(place)}.`);
  if (loss > growth * Math.max(1, firstLoss)) {
    throw new DivergedError(
      `The loss exploded to ${loss.toPrecision(3)} ${at(place)}; that of the first step was ${firstLoss.toPrecision(3)}.`,
    );
  }
}

/** Throws a `DivergedError` if a variable holds a number that is not finite. */
export function checkVariables(variables: Weights, place: Moment): void {
  for (const [name, { data }] of variables) {
    if (!areNumbers(data))
      throw new DivergedError(`The values of ${name} are no longer numbers ${at(place)}, though the loss still was one.`);
  }
}

/** Throws a `DivergedError` if an answer (a logit) for held-out images is not finite. */
export function checkAnswers(logits: Float32Array, place: Moment): void {
  if (!areNumbers(logits)) throw new DivergedError(`The answers for held-out images are no longer numbers ${at(place)}.`);
}

function areNumbers(values: Float32Array): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}
