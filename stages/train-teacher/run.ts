import { work } from 'stillroom';
import { initialModel, makeBatches, openFold, trainAndReport, trainingOptions, writeModel } from 'stillroom/nn';
import type stage from './stage.ts';

export const threads = { makeBatches };

export default work<typeof stage>(async (context) => {
  const { params, modules, inputs, outputs } = context;
  const { fold, seed } = params;
  if (modules.loss.teaching !== undefined)
    context.fail(
      'A teacher is trained with a loss that itself learns from a teacher.',
      'Choose another loss, or train it by train-student.',
    );
  const { data, training, heldOut, facts } = openFold(inputs, fold, context);
  const model = initialModel(data, params, modules, { init: inputs.init, report: outputs.report }, context);
  const options = trainingOptions(params, modules, { model, images: data, training, heldOut, keep: 'chosen' });
  const { history, weights } = await trainAndReport(options, context, outputs);
  data.close();
  writeModel(outputs.model, { ...model, weights, training: { ...facts, epochs: history.length, seed } });
});
