import type { Dataset } from '../data/dataset.ts';
import { openDataset } from '../data/dataset.ts';
import { foldsDigest, imagesOfFold, readFolds } from '../data/folds.ts';

/** A packed dataset parted by a fold of its split. */
export interface FoldTask {
  readonly data: Dataset;
  /** The images outside the fold, to train on, and those inside it, to measure on, by index. */
  readonly training: readonly number[];
  readonly heldOut: readonly number[];
  /** What a model notes of it: the fold and the split. */
  readonly facts: { readonly holdout: number; readonly split: string };
}

/** Opens the dataset and the split of a stage's inputs, and parts them by a fold. Fails where the split has no such fold. */
export function openFold(
  inputs: { readonly data: string; readonly split: string },
  holdout: number,
  { fail }: { fail(message: string, hint?: string): never },
): FoldTask {
  const data = openDataset(inputs.data);
  const split = readFolds(inputs.split, data.info.count);
  if (holdout >= split.folds) {
    fail(`There is no fold ${holdout}: the split has the folds 0 to ${split.folds - 1}.`, 'Give a fold of the split.');
  }
  return {
    data,
    training: imagesOfFold(split, holdout, false),
    heldOut: imagesOfFold(split, holdout, true),
    facts: { holdout, split: foldsDigest(split) },
  };
}
