import { work } from 'stillroom';
import { fuse, openDataset, openPredictor, readModelOf, relativeDifference, writeModel } from 'stillroom/nn';
import type stage from './stage.ts';

export default work<typeof stage>(({ params, inputs, outputs, metric, log, fail }) => {
  const data = openDataset(inputs.data);
  const model = readModelOf(inputs.model, data.info);
  const fused = { ...model, ...fuse(model) };
  const count = Math.min(params.images, data.info.count);
  const images = Array.from({ length: count }, (_, place) => Math.floor((place * data.info.count) / count));
  const [before, after] = [model, fused].map((own) => {
    const predictor = openPredictor(own, params.batch);
    const logits = predictor.logits(data, images);
    predictor.close();
    return logits;
  }) as [Float32Array, Float32Array];
  data.close();
  const error = relativeDifference(before, after);
  const folded = model.network.layers.length - fused.network.layers.length;
  const left = fused.network.layers.filter(({ kind }) => kind === 'batch-norm').length;
  const rest = left === 0 ? '' : `, left ${left} that no convolution stands right before`;
  log(`folded ${folded} batch norms${rest}; largest relative error ${error.toExponential(2)} on ${count} images`);
  metric('folded', folded);
  metric('left', left);
  metric('relative_error', error);
  if (!(error <= params.tolerance)) {
    fail(`The folded model's outputs differ by ${error.toExponential(2)} (relative), more than the tolerance ${params.tolerance}.`);
  }
  writeModel(outputs.model, fused);
});
