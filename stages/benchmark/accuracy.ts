import { balancedAccuracy, macroF1 } from 'stillroom/nn';
import type { ConfusionCounts, ExportedClassifier } from 'stillroom/nn';
import type { TestSet } from './testset.ts';
import type { Showing } from './views.ts';

/** How a model labels a test set. */
export interface Accuracy {
  readonly accuracy: number;
  /** The unweighted mean of the F1 of all classes. */
  readonly macro_f1: number;
  /** The unweighted mean of `by_class`. */
  readonly balanced_accuracy: number;
  /** Of each class, in the classes' order; null for a class without test images. */
  readonly by_class: readonly (number | null)[];
  /** How many images of each class (rows) were given each label (columns). */
  readonly confusion: ConfusionCounts;
}

function accuracyOf(confusion: ConfusionCounts): Accuracy {
  const right = confusion.map((counts, label) => counts[label] as number);
  const sums = confusion.map((counts) => counts.reduce((sum, own) => sum + own, 0));
  const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, own) => sum + own, 0);
  return {
    accuracy: sumOf(right) / sumOf(sums),
    macro_f1: macroF1(confusion),
    balanced_accuracy: balancedAccuracy(confusion),
    by_class: right.map((own, label) => (sums[label] === 0 ? null : own / (sums[label] as number))),
    confusion,
  };
}

/** How images are labelled. */
interface AccuracyOptions {
  /** Images at once. */
  readonly batch: number;
  /** Decode the files instead of taking the packed pixels. */
  readonly fromFiles: boolean;
  readonly progress: (done: number) => void;
  /** Is given the probabilities of each image's classes, row by row. */
  readonly answers?: Float32Array;
}

/** Labels every image of a test set by what is shown of it, a batch at a time. */
export async function measureAccuracy(
  model: ExportedClassifier,
  data: TestSet,
  showing: Showing,
  { batch, fromFiles, progress, answers }: AccuracyOptions,
): Promise<Accuracy> {
  const { count, classes, height, width, channels } = data.info;
  let pixels: Uint8Array = new Uint8Array(height * width * channels);
  const confusion = classes.map(() => new Array<number>(classes.length).fill(0));
  for (let start = 0; start < count; start += batch) {
    const size = Math.min(batch, count - start);
    const input = new Float32Array(size * showing.length);
    for (let index = 0; index < size; index++) {
      if (fromFiles) pixels = await data.decode(start + index);
      else data.read(start + index, pixels);
      showing.write(pixels, input, index * showing.length);
    }
    const logits = await model.logits(input, size * showing.views);
    for (let index = 0; index < size; index++) {
      const own = logits.subarray((index * logits.length) / size, ((index + 1) * logits.length) / size);
      const counts = confusion[data.labels[start + index] as number] as number[];
      const label = showing.label(own);
      answers?.set(showing.probabilities(own), (start + index) * classes.length);
      counts[label] = (counts[label] as number) + 1;
    }
    progress(start + size);
  }
  return accuracyOf(confusion);
}
