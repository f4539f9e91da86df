import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Which fold each image belongs to. */
export interface Folds {
  readonly format: 1;
  /** How many folds there are. */
  readonly folds: number;
  readonly seed: number;
  /** The fold of each image, by index. */
  readonly assignment: readonly number[];
}

/** Reads a folds file. Throws if it is none, or not for `count` images. */
export function readFolds(file: string, count: number): Folds {
  const folds = JSON.parse(readFileSync(file, 'utf8')) as Folds;
  if (folds.format !== 1) throw new Error(`This folds file has the format ${String(folds.format)}; only 1 can be read.`);
  if (folds.assignment.length !== count) {
    throw new Error(`The folds are for ${folds.assignment.length} images, but the dataset holds ${count}.`);
  }
  return folds;
}

/** The images inside a fold (`inside` true) or outside of it, by index, ascending. */
export function imagesOfFold(folds: Folds, fold: number, inside: boolean): number[] {
  const chosen: number[] = [];
  folds.assignment.forEach((own, index) => {
    if ((own === fold) === inside) chosen.push(index);
  });
  return chosen;
}

/** A name for a split by its content: models note it, so that they are not taken for another split's. */
export function foldsDigest({ folds, assignment }: Folds): string {
  return createHash('sha256')
    .update(JSON.stringify([folds, assignment]))
    .digest('hex');
}
