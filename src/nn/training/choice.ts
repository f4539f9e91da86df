import type { EpochRecord } from './checkpoint.ts';

/** By what an epoch is chosen to be kept: the last one, or the best by a measure of the held-out images. */
export type ChooseBy = 'last' | 'top1' | 'macro_f1' | 'balanced_accuracy' | 'loss';

/** An epoch's measure, such that more is better; undefined where nothing is held out. The last epoch is chosen without one. */
function measureOf(record: EpochRecord, chooseBy: Exclude<ChooseBy, 'last'>): number | undefined {
  if (chooseBy !== 'loss') return record[chooseBy] ?? undefined;
  return record.held_out_loss === null ? undefined : -record.held_out_loss;
}

/** Whether an epoch is to be kept rather than any earlier one. Of equally good epochs the later one is. */
export function isChosen(record: EpochRecord, earlier: readonly EpochRecord[], chooseBy: ChooseBy): boolean {
  if (chooseBy === 'last') return true;
  const own = measureOf(record, chooseBy) ?? 0;
  return earlier.every((other) => own >= (measureOf(other, chooseBy) ?? 0));
}

/**
 * Whether the last `patience` epochs (0 for any number) were all no better on the held-out images than one before them, by what an epoch
 * is chosen by; by top-1 where that is the last.
 */
export function hasStalled(history: readonly EpochRecord[], patience: number, chooseBy: ChooseBy): boolean {
  const measures = history.flatMap((record) => measureOf(record, chooseBy === 'last' ? 'top1' : chooseBy) ?? []);
  return patience > 0 && measures.length > 0 && measures.length - 1 - measures.indexOf(Math.max(...measures)) >= patience;
}
