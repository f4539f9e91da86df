import { cropCentre, Normaliser } from 'stillroom/nn';
import type { ExportedClassifier } from 'stillroom/nn';
import type { TestSet } from './testset.ts';

/** How a model labels a test set. */
export interface Accuracy {
  readonly accuracy: number;
  /** Of each class, in the classes' order; null for a class without test images. */
  readonly by_class: readonly (number | null)[];
  /** How many images of each class (rows) were given each label (columns). */
  readonly confusion: readonly (readonly number[])[];
}

/** Labels every image of a test set, a batch at a time. */
export async function measureAccuracy(
  model: ExportedClassifier,
  data: TestSet,
  batch: number,
  progress: (done: number) => void,
): Promise<Accuracy> {
  const { count, classes, height, width, channels } = data.info;
  const normaliser = new Normaliser(model.input);
  const { size: side } = model.input;
  const area = side * side * channels;
  const pixels = new Uint8Array(height * width * channels);
  const confusion = classes.map(() => new Array<number>(classes.length).fill(0));
  for (let start = 0; start < count; start += batch) {
    const size = Math.min(batch, count - start);
    const input = new Float32Array(size * area);
    for (let index = 0; index < size; index++) {
      data.read(start + index, pixels);
      normaliser.write(cropCentre(pixels, data.info, side), model.layout, input, index * area);
    }
    const logits = await model.logits(input, size);
    for (let index = 0; index < size; index++) {
      const row = logits.subarray(index * classes.length, (index + 1) * classes.length);
      const counts = confusion[data.labels[start + index] as number] as number[];
      const label = row.indexOf(Math.max(...row));
      counts[label] = (counts[label] as number) + 1;
    }
    progress(start + size);
  }
  const right = confusion.map((counts, label) => counts[label] as number);
  const sums = confusion.map((counts) => counts.reduce((sum, own) => sum + own, 0));
  return {
    accuracy: right.reduce((sum, own) => sum + own, 0) / count,
    by_class: right.map((own, label) => (sums[label] === 0 ? null : own / (sums[label] as number))),
    confusion,
  };
}
