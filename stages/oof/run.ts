import type { Element } from 'stillroom';
import { work } from 'stillroom';
import type { Folds, Model } from 'stillroom/nn';
import {
  foldsDigest,
  imagesOfFold,
  openDataset,
  openPredictor,
  readFolds,
  readModelOf,
  softmax,
  top1,
  writePredictions,
} from 'stillroom/nn';
import type stage from './stage.ts';

/**
 * Each fold with the teacher that did not see it, by the teachers' keys, folds ascending.
 * @returns a sentence that says what is wrong if the keys are not exactly the split's folds
 */
export function pairByFold(models: readonly Element[], { folds }: Pick<Folds, 'folds'>): readonly string[] | { readonly problem: string } {
  const keys = models.map(({ key }) => key['fold']);
  const wanted = Array.from({ length: folds }, (_, fold) => fold);
  const missing = wanted.filter((fold) => !keys.includes(fold));
  const other = keys.filter((key) => !wanted.includes(Number(key)) || typeof key !== 'number');
  const twice = wanted.filter((fold) => keys.filter((key) => key === fold).length > 1);
  const said = [
    ...(missing.length > 0 ? [`no teacher for fold ${missing.join(', ')}`] : []),
    ...(twice.length > 0 ? [`more than one teacher for fold ${twice.join(', ')}`] : []),
    ...(other.length > 0
      ? [`a teacher for ${other.map((key) => JSON.stringify(key) ?? 'no fold').join(', ')}, which the split has not`]
      : []),
  ];
  if (said.length > 0) return { problem: `The teachers are not those of the split's folds: ${said.join('; ')}.` };
  return wanted.map((fold) => (models.find(({ key }) => key['fold'] === fold) as Element).path);
}

/** What is wrong with a teacher's own record, if it is to predict the fold. */
export function mismatch({ training }: Pick<Model, 'training'>, fold: number, digest: string): string | undefined {
  const { holdout } = training;
  if (holdout === null) return `The teacher for fold ${fold} saw every fold.`;
  if (holdout !== fold) return `The teacher for fold ${fold} left out fold ${holdout}, so it saw fold ${fold}.`;
  return training['split'] === digest ? undefined : `The teacher for fold ${fold} was trained on another split.`;
}

export default work<typeof stage>(async ({ params, inputs, outputs, metric, progress, log, fail, signal }) => {
  const data = openDataset(inputs.data);
  const split = readFolds(inputs.split, data.info.count);
  const pairs = pairByFold(inputs.models, split);
  if ('problem' in pairs) return fail(pairs.problem, "Give oof one teacher a fold, with the fold as `fold` in the teachers' matrix.");
  const { count, classes } = data.info;
  const values = new Float32Array(count * classes.length).fill(Number.NaN);
  const accuracies: number[] = [];
  for (const [fold, path] of pairs.entries()) {
    const model = readModelOf(path, data.info);
    const problem = mismatch(model, fold, foldsDigest(split));
    if (problem !== undefined) return fail(problem);
    const images = imagesOfFold(split, fold, true);
    const predictor = openPredictor(model, params.batch);
    const rows = softmax(await predictor.logitsInTurns(data, images, signal), classes.length);
    predictor.close();
    images.forEach((image, place) => {
      values.set(rows.subarray(place * classes.length, (place + 1) * classes.length), image * classes.length);
    });
    const accuracy = images.length === 0 ? 0 : top1(rows, data, images);
    accuracies.push(accuracy);
    metric('fold_accuracy', accuracy, { step: fold });
    log(`fold ${fold}: accuracy ${accuracy.toFixed(4)} on ${images.length} images`);
    progress(fold + 1, split.folds);
  }
  const unpredicted = values.findIndex((value) => !Number.isFinite(value));
  if (unpredicted >= 0)
    fail(
      `Image ${Math.floor(unpredicted / classes.length)} has no prediction.`,
      'Look at the split, and train the teachers with a lower lr.',
    );
  writePredictions(outputs.predictions, { count, classes, values });
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  const squares = accuracies.reduce((sum, accuracy) => sum + (accuracy - mean) ** 2, 0);
  metric(
    'accuracy',
    top1(
      values,
      data,
      Array.from({ length: count }, (_, index) => index),
    ),
  );
  metric('accuracy_mean', mean);
  metric('accuracy_sd', Math.sqrt(squares / Math.max(1, accuracies.length - 1)));
  data.close();
});
