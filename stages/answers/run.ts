import { work } from 'stillroom';
import { confusionOf, openDataset, openPredictor, readModelOf, reportWorth, scoresOf, softmax, writePredictions } from 'stillroom/nn';
import type stage from './stage.ts';

export default work<typeof stage>(async (context) => {
  const { params, inputs, outputs, metric, fail, signal } = context;
  const data = openDataset(inputs.data);
  const { count, classes } = data.info;
  const indices = Array.from({ length: count }, (_, index) => index);
  const predictor = openPredictor(readModelOf(inputs.model, data.info), params.batch);
  const values = softmax(await predictor.logitsInTurns(data, indices, signal), classes.length);
  predictor.close();
  const unpredicted = values.findIndex((value) => !Number.isFinite(value));
  if (unpredicted >= 0) fail(`Image ${Math.floor(unpredicted / classes.length)} has no prediction.`, 'Train the model with a lower lr.');
  writePredictions(outputs.predictions, { count, classes, values });
  const { top1, predicted } = scoresOf(values, data, indices);
  metric('accuracy', top1);
  reportWorth(confusionOf(data.labels, predicted, classes.length), { who: 'the model', images: `${count} images`, classes }, context);
  data.close();
});
