import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import {
  DivergedError,
  foldsDigest,
  freshModel,
  imagesOfFold,
  openDataset,
  readFolds,
  readLabelsOf,
  train,
  trainingOptions,
  writeModel,
} from 'stillroom/nn';
import type stage from './stage.ts';

export default work<typeof stage>(async ({ params, modules, inputs, outputs, metric, progress, log, fail, checkpoint, signal }) => {
  const { holdout, seed, epochs } = params;
  const data = openDataset(inputs.data);
  const split = readFolds(inputs.split, data.info.count);
  if (holdout >= split.folds)
    fail(`There is no fold ${holdout}: the split has the folds 0 to ${split.folds - 1}.`, 'Give a fold of the split.');
  const model = freshModel(data, {
    architecture: params.model,
    build: modules.model,
    stemStride: params.stem_stride === 1 ? 1 : 2,
    dropPath: params.drop_path,
    size: params.size,
    zeroHead: params.zero_head,
    seed,
  });
  const stopAfter = params.stop_after === 0 ? epochs : Math.min(params.stop_after, epochs);
  const options = trainingOptions(params, modules, {
    model,
    images: data,
    training: imagesOfFold(split, holdout, false),
    heldOut: imagesOfFold(split, holdout, true),
    labels: inputs.labels === undefined ? undefined : readLabelsOf(inputs.labels, data.info),
    keep: 'best',
    stopAfter,
  });
  const { history, kept } = await train(options, {
    checkpoint,
    signal,
    progress,
    epoch({ epoch, loss, top1 }) {
      metric('loss', loss, { step: epoch });
      metric('top1', top1 ?? 0, { step: epoch });
      log(`epoch ${epoch}: loss ${loss.toFixed(4)}, top-1 on fold ${holdout} ${(top1 ?? 0).toFixed(4)}`);
    },
  }).catch((error: unknown) => {
    if (error instanceof DivergedError) return fail(error.message, 'Lower lr, or raise warm_up.');
    throw error;
  });
  data.close();
  const [best] = [...kept];
  if (best === undefined) throw new Error('The training ended without an epoch.');
  const [epoch, weights] = best;
  writeModel(outputs.model, {
    ...model,
    weights,
    training: { holdout, split: foldsDigest(split), epochs: stopAfter, best_epoch: epoch, seed },
  });
  writeFileSync(outputs.history, `${JSON.stringify({ format: 1, best_epoch: epoch, epochs: history }, null, 1)}\n`);
  metric('loss', history.at(-1)?.loss ?? 0);
  metric('top1', history[epoch - 1]?.top1 ?? 0);
  metric('best_epoch', epoch);
});
