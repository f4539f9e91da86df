import type { Element, WorkContext } from 'stillroom';
import { work } from 'stillroom';
import type { ConfusionCounts, Dataset, Folds, Model } from 'stillroom/nn';
import {
  balancedAccuracy,
  confusionOf,
  deviation,
  doubtOf,
  foldsDigest,
  imagesOfFold,
  mean,
  openDataset,
  openPredictor,
  readFolds,
  readModelOf,
  reportWorth,
  scoresOf,
  softmax,
  top1,
  worthOf,
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

type Context = WorkContext<typeof stage>;

/** The packed images, their folds, and what is known of each image: its class's probabilities, not a number where none is given yet. */
interface Answering {
  readonly data: Dataset;
  readonly split: Folds;
  readonly values: Float32Array;
}

/** Lets a fold's teacher answer for the fold, and says what its answers are worth; returns their accuracy. */
async function answerFold(fold: number, path: string, { data, split, values }: Answering, context: Context): Promise<number> {
  const { params, metric, log, warn, fail, signal } = context;
  const { classes } = data.info;
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
  metric('fold_accuracy', accuracy, { step: fold });
  log(`fold ${fold}: accuracy ${accuracy.toFixed(4)} on ${images.length} images`);
  if (images.length === 0) return accuracy;
  const answers = { who: `the teacher of fold ${fold}`, images: `${images.length} images of its fold`, classes };
  const doubt = doubtOf(worthOf(confusionFor(rows, data, images)), answers);
  if (doubt !== undefined) warn(doubt);
  return accuracy;
}

/** How often images of each class were given each class by rows of probabilities. */
function confusionFor(rows: Float32Array, data: Dataset, images: readonly number[]): ConfusionCounts {
  const truth = images.map((image) => data.labels[image] as number);
  return confusionOf(truth, scoresOf(rows, data, images).predicted, data.info.classes.length);
}

/** Says what all answers are worth together, and fails where that is less than is asked for. */
function tellWorth({ data, values }: Answering, context: Context): void {
  const { params, metric, fail } = context;
  const { count, classes } = data.info;
  const confusion = confusionFor(
    values,
    data,
    Array.from({ length: count }, (_, image) => image),
  );
  const { accuracy, majority } = worthOf(confusion);
  metric('accuracy', accuracy);
  reportWorth(confusion, { who: 'the set of teachers', images: `${count} images out of fold`, classes }, context);
  metric('balanced_accuracy', balancedAccuracy(confusion));
  const gain = accuracy - majority.share;
  if (params.least_gain > -1 && gain < params.least_gain) {
    fail(
      `The teachers are right on ${accuracy.toFixed(4)} of the images, ${gain.toFixed(4)} above the ${majority.share.toFixed(4)} of always answering "${classes[majority.label]}"; \`least_gain\` asks for ${params.least_gain}.`,
      'Train the teachers for longer, with another lr or other sampling, or from pretrained weights; or lower least_gain.',
    );
  }
}

export default work<typeof stage>(async (context) => {
  const { inputs, outputs, metric, progress, fail } = context;
  const data = openDataset(inputs.data);
  const split = readFolds(inputs.split, data.info.count);
  const pairs = pairByFold(inputs.models, split);
  if ('problem' in pairs) return fail(pairs.problem, "Give oof one teacher a fold, with the fold as `fold` in the teachers' matrix.");
  const { count, classes } = data.info;
  const values = new Float32Array(count * classes.length).fill(Number.NaN);
  const accuracies: number[] = [];
  for (const [fold, path] of pairs.entries()) {
    accuracies.push(await answerFold(fold, path, { data, split, values }, context));
    progress(fold + 1, split.folds);
  }
  const unpredicted = values.findIndex((value) => !Number.isFinite(value));
  if (unpredicted >= 0)
    fail(
      `Image ${Math.floor(unpredicted / classes.length)} has no prediction.`,
      'Look at the split, and train the teachers with a lower lr.',
    );
  tellWorth({ data, split, values }, context);
  writePredictions(outputs.predictions, { count, classes, values });
  metric('accuracy_mean', mean(accuracies));
  metric('accuracy_sd', deviation(accuracies) ?? 0);
  data.close();
});
