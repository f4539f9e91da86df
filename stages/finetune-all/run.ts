import { join } from 'node:path';
import type { WorkContext } from 'stillroom';
import { work } from 'stillroom';
import type { Dataset, Model } from 'stillroom/nn';
import {
  confusionOf,
  makeBatches,
  openDataset,
  openPredictor,
  readLabelsOf,
  readModelOf,
  readTeacher,
  reportWorth,
  scoresOf,
  trainAndReport,
  trainingOptions,
  writeModel,
} from 'stillroom/nn';
import type stage from './stage.ts';

/** Images that the last checkpoint is asked for, at even distances through the set. */
const ASKED = 2000;

export const threads = { makeBatches };

export default work<typeof stage>(async (context) => {
  const { params, modules, inputs, outputs } = context;
  const data = openDataset(inputs.data);
  const model = readModelOf(inputs.model, data.info);
  // A recipe may have patience and a choice of epochs, of which this stage declares none.
  const options = trainingOptions({ ...params }, modules, {
    model,
    images: data,
    training: Array.from({ length: data.info.count }, (_, index) => index),
    heldOut: [],
    labels: inputs.labels === undefined ? undefined : readLabelsOf(inputs.labels, data.info),
    ...readTeacher(modules.loss, inputs, data.info, context),
    keep: 'every',
  });
  const told = {
    ...context,
    metric: (name: 'loss' | 'learning_rate', value: number, at?: { readonly step: number }) => context.metric(name, value, at),
  };
  const { kept, weights } = await trainAndReport(options, told, { history: outputs.history });
  await reportSeen(data, { ...model, weights }, context);
  data.close();
  for (const [epoch, weights] of kept) {
    const training = { ...model.training, holdout: null, finetuned_epochs: epoch, finetune_seed: params.seed };
    writeModel(join(outputs.checkpoints, `epoch-${epoch}`), { ...model, weights, training });
  }
});

/** Says what the last checkpoint answers to images that it was trained on: nothing else is there, and where it fails on these it is lost. */
async function reportSeen(data: Dataset, model: Model, context: WorkContext<typeof stage>): Promise<void> {
  const { count, classes } = data.info;
  const asked = Math.min(ASKED, count);
  const indices = Array.from({ length: asked }, (_, place) => Math.floor((place * count) / asked));
  const predictor = openPredictor(model, context.params.batch);
  const { top1, predicted } = scoresOf(await predictor.logitsInTurns(data, indices, context.signal), data, indices);
  predictor.close();
  context.metric('seen_top1', top1);
  const truth = indices.map((index) => data.labels[index] as number);
  const answers = { who: 'the last checkpoint', images: `${asked} images that it was trained on`, classes };
  reportWorth(confusionOf(truth, predicted, classes.length), answers, context);
}
