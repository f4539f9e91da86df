import { work } from 'stillroom';
import { initialModel, makeBatches, openFold, readLabelsOf, readTeacher, trainAndReport, trainingOptions, writeModel } from 'stillroom/nn';
import type stage from './stage.ts';

export const threads = { makeBatches };

export default work<typeof stage>(async (context) => {
  const { params, modules, inputs, outputs, metric } = context;
  const { holdout, seed, epochs, stop_after } = params;
  const { data, training, heldOut, facts } = openFold(inputs, holdout, context);
  const model = initialModel(data, params, modules, { init: inputs.init, report: outputs.report }, context);
  const options = trainingOptions(params, modules, {
    model,
    images: data,
    training,
    heldOut,
    labels: inputs.labels === undefined ? undefined : readLabelsOf(inputs.labels, data.info),
    ...readTeacher(modules.loss, inputs, data.info, context),
    keep: 'chosen',
    stopAfter: stop_after === 0 ? epochs : Math.min(stop_after, epochs),
  });
  const { history, epoch, weights } = await trainAndReport(options, context, outputs);
  data.close();
  writeModel(outputs.model, { ...model, weights, training: { ...facts, epochs: history.length, best_epoch: epoch, seed } });
  metric('best_epoch', epoch);
});
