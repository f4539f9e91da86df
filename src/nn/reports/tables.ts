import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csv } from '../../text/csv.ts';
import type { ConfusionCounts } from './classification.ts';
import { scoresByClass } from './classification.ts';

/** Six decimals: finer than any image's weight, and short to read. */
const share = (value: number): string => value.toFixed(6);

/** The confusion matrix as CSV: a row for each true class, a column for each class given. */
export function confusionCsv(confusion: ConfusionCounts, classes: readonly string[]): string {
  return csv([['true \\ predicted', ...classes], ...confusion.map((row, label) => [classes[label] as string, ...row])]);
}

/** Images, precision, recall and F1 of each class as CSV. */
export function classesCsv(confusion: ConfusionCounts, classes: readonly string[]): string {
  const rows = scoresByClass(confusion).map(({ images, precision, recall, f1 }, label) => {
    return [classes[label] as string, images, share(precision), share(recall), share(f1)];
  });
  return csv([['class', 'images', 'precision', 'recall', 'f1'], ...rows]);
}

/** Writes `confusion.csv` and `classes.csv` into a folder, which is made if needed, and for programs `confusion.json`. */
export function writeClassTables(folder: string, confusion: ConfusionCounts, classes: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'confusion.csv'), confusionCsv(confusion, classes));
  writeFileSync(join(folder, 'classes.csv'), classesCsv(confusion, classes));
  writeFileSync(join(folder, 'confusion.json'), `${JSON.stringify({ format: 1, classes, confusion })}\n`);
}
