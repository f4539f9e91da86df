import { join } from 'node:path';
import { work } from 'stillroom';
import { DivergedError, openDataset, readLabelsOf, readModelOf, train, trainingOptions, writeModel } from 'stillroom/nn';
import type stage from './stage.ts';

export default work<typeof stage>(async ({ params, modules, inputs, outputs, metric, progress, log, fail, checkpoint, signal }) => {
  const data = openDataset(inputs.data);
  const model = readModelOf(inputs.model, data.info);
  const options = trainingOptions(params, modules, {
    model,
    images: data,
    training: Array.from({ length: data.info.count }, (_, index) => index),
    heldOut: [],
    labels: inputs.labels === undefined ? undefined : readLabelsOf(inputs.labels, data.info),
    keep: 'every',
  });
  const { history, kept } = await train(options, {
    checkpoint,
    signal,
    progress,
    epoch({ epoch, loss }) {
      metric('loss', loss, { step: epoch });
      log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
    },
  }).catch((error: unknown) => {
    if (error instanceof DivergedError) return fail(error.message, 'Lower lr, or raise warm_up.');
    throw error;
  });
  data.close();
  for (const [epoch, weights] of kept) {
    const training = { ...model.training, holdout: null, finetuned_epochs: epoch, finetune_seed: params.seed };
    writeModel(join(outputs.checkpoints, `epoch-${epoch}`), { ...model, weights, training });
  }
  metric('loss', history.at(-1)?.loss ?? 0);
});
