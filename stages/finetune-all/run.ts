import { join } from 'node:path';
import { work } from 'stillroom';
import {
  makeBatches,
  openDataset,
  readLabelsOf,
  readModelOf,
  readTeacher,
  trainAndReport,
  trainingOptions,
  writeModel,
} from 'stillroom/nn';
import type stage from './stage.ts';

export const threads = { makeBatches };

export default work<typeof stage>(async (context) => {
  const { params, modules, inputs, outputs } = context;
  const data = openDataset(inputs.data);
  const model = readModelOf(inputs.model, data.info);
  // A recipe may have patience, of which this stage declares none.
  const options = trainingOptions({ ...params }, modules, {
    model,
    images: data,
    training: Array.from({ length: data.info.count }, (_, index) => index),
    heldOut: [],
    labels: inputs.labels === undefined ? undefined : readLabelsOf(inputs.labels, data.info),
    ...readTeacher(modules.loss, inputs, data.info, context),
    keep: 'every',
  });
  const { kept } = await trainAndReport(options, context, { history: outputs.history });
  data.close();
  for (const [epoch, weights] of kept) {
    const training = { ...model.training, holdout: null, finetuned_epochs: epoch, finetune_seed: params.seed };
    writeModel(join(outputs.checkpoints, `epoch-${epoch}`), { ...model, weights, training });
  }
});
