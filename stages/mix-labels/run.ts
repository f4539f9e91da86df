import { work } from 'stillroom';
import { openDataset, readPredictions, writeLabels } from 'stillroom/nn';
import type { Probabilities } from 'stillroom/nn';
import type stage from './stage.ts';

/** The largest error of a row's sum that float32 softmax explains. */
const sumTolerance = 1e-3;

/** Why predictions cannot be used for a dataset, or undefined if they can. */
function findProblem({ count, classes, values }: Probabilities, images: number, names: readonly string[]): string | undefined {
  if (count !== images) return `the predictions are of ${count} images, the dataset holds ${images}`;
  if (classes.join('\n') !== names.join('\n'))
    return `the predictions are of the classes ${classes.join(', ')}, the dataset holds ${names.join(', ')}`;
  for (let image = 0; image < count; image++) {
    const row = values.subarray(image * classes.length, (image + 1) * classes.length);
    const sum = row.reduce((total, value) => total + value, 0);
    if (!(Math.abs(sum - 1) <= sumTolerance) || row.some((value) => value < 0))
      return `the predictions of image ${image} are no probabilities: they sum to ${sum}`;
  }
  return undefined;
}

/** Mixes in float64 and rounds once: weight × prediction + (1 − weight) × one-hot, each row summing to 1 as far as the prediction's does. */
export function mix({ classes, values }: Probabilities, labels: ArrayLike<number>, weight: number): Float32Array {
  return values.map((value, index) => {
    const image = Math.floor(index / classes.length);
    const own = index - image * classes.length === labels[image];
    return weight * value + (own ? 1 - weight : 0);
  });
}

export default work<typeof stage>(({ params, inputs, outputs, metric, fail }) => {
  const data = openDataset(inputs.data);
  const { labels, info } = data;
  data.close();
  const predictions = readPredictions(inputs.predictions);
  const problem = findProblem(predictions, info.count, info.classes);
  if (problem !== undefined) fail(problem);
  const mixed = mix(predictions, labels, params.oof_weight);
  writeLabels(outputs.labels, { count: info.count, classes: info.classes, values: mixed });

  let changed = 0;
  let own = 0;
  labels.forEach((label, image) => {
    const row = mixed.subarray(image * info.classes.length, (image + 1) * info.classes.length);
    const value = row[label] as number;
    own += value;
    if (row.some((other) => other > value)) changed++;
  });
  metric('changed', changed / info.count);
  metric('own', own / info.count);
});
