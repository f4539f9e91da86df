import { work } from 'stillroom';
import { openDataset, openPredictor, readModelOf, softmax, top1, writePredictions } from 'stillroom/nn';
import type stage from './stage.ts';

export default work<typeof stage>(async ({ params, inputs, outputs, metric, fail, signal }) => {
  const data = openDataset(inputs.data);
  const { count, classes } = data.info;
  const indices = Array.from({ length: count }, (_, index) => index);
  const predictor = openPredictor(readModelOf(inputs.model, data.info), params.batch);
  const values = softmax(await predictor.logitsInTurns(data, indices, signal), classes.length);
  predictor.close();
  const unpredicted = values.findIndex((value) => !Number.isFinite(value));
  if (unpredicted >= 0) fail(`Image ${Math.floor(unpredicted / classes.length)} has no prediction.`, 'Train the model with a lower lr.');
  writePredictions(outputs.predictions, { count, classes, values });
  metric('accuracy', top1(values, data, indices));
  data.close();
});
