/** How often images of each class (rows) were given each class (columns). */
export type ConfusionCounts = readonly (readonly number[])[];

/** How well one class is told apart. What would be divided by 0 is 0. */
export interface ClassScores {
  /** Images of the class. */
  readonly images: number;
  /** Images that were given the class. */
  readonly given: number;
  /** The share of those given the class that are of it. */
  readonly precision: number;
  /** The share of those of the class that were given it. */
  readonly recall: number;
  /** The harmonic mean of precision and recall. */
  readonly f1: number;
}

/** Counts the classes given against the true ones; both are numbers below `classes`, image by image. */
export function confusionOf(truth: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): ConfusionCounts {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let image = 0; image < truth.length; image++) {
    const row = counts[truth[image] as number] as number[];
    const given = predicted[image] as number;
    row[given] = (row[given] as number) + 1;
  }
  return counts;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Precision, recall and F1 of every class, in the classes' order. */
export function scoresByClass(confusion: ConfusionCounts): ClassScores[] {
  return confusion.map((row, label) => {
    const images = row.reduce((sum, count) => sum + count, 0);
    const given = confusion.reduce((sum, own) => sum + (own[label] as number), 0);
    const right = row[label] as number;
    return { images, given, precision: ratio(right, given), recall: ratio(right, images), f1: ratio(2 * right, images + given) };
  });
}

/**
 * The unweighted mean of the F1 of all classes that occur among the true or the given ones; 0 if none does. It is what scikit-learn's
 * `f1_score(average='macro', zero_division=0)` computes.
 */
export function macroF1(confusion: ConfusionCounts): number {
  const occurring = scoresByClass(confusion).filter(({ images, given }) => images + given > 0);
  return ratio(
    occurring.reduce((sum, { f1 }) => sum + f1, 0),
    occurring.length,
  );
}

/** The unweighted mean of the recall of all classes with images; 0 without any. It is scikit-learn's `balanced_accuracy_score`. */
export function balancedAccuracy(confusion: ConfusionCounts): number {
  const withImages = scoresByClass(confusion).filter(({ images }) => images > 0);
  return ratio(
    withImages.reduce((sum, { recall }) => sum + recall, 0),
    withImages.length,
  );
}
