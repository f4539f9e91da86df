import { writeFileSync } from 'node:fs';
import { work } from 'stillroom';
import {
  DivergedError,
  foldsDigest,
  freshModel,
  imagesOfFold,
  openDataset,
  readFolds,
  train,
  trainingOptions,
  writeModel,
} from 'stillroom/nn';
import type stage from './stage.ts';

export default work<typeof stage>(async ({ params, modules, inputs, outputs, metric, progress, log, fail, checkpoint, signal }) => {
  const { fold, seed, epochs } = params;
  const data = openDataset(inputs.data);
  const split = readFolds(inputs.split, data.info.count);
  if (fold >= split.folds) fail(`There is no fold ${fold}: the split has the folds 0 to ${split.folds - 1}.`, 'Give a fold of the split.');
  const model = freshModel(data, {
    architecture: params.model,
    build: modules.model,
    stemStride: params.stem_stride === 1 ? 1 : 2,
    dropPath: params.drop_path,
    size: params.size,
    zeroHead: params.zero_head,
    seed,
  });
  const options = trainingOptions(params, modules, {
    model,
    images: data,
    training: imagesOfFold(split, fold, false),
    heldOut: imagesOfFold(split, fold, true),
    keep: 'last',
  });
  const { history, kept } = await train(options, {
    checkpoint,
    signal,
    progress,
    epoch({ epoch, loss, top1 }) {
      metric('loss', loss, { step: epoch });
      metric('top1', top1 ?? 0, { step: epoch });
      log(`epoch ${epoch}: loss ${loss.toFixed(4)}, top-1 on fold ${fold} ${(top1 ?? 0).toFixed(4)}`);
    },
  }).catch((error: unknown) => {
    if (error instanceof DivergedError) return fail(error.message, 'Lower lr, or raise warm_up.');
    throw error;
  });
  data.close();
  const [weights] = [...kept.values()];
  const last = history.at(-1);
  if (weights === undefined || last === undefined) throw new Error('The training ended without an epoch.');
  writeModel(outputs.model, { ...model, weights, training: { holdout: fold, split: foldsDigest(split), epochs, seed } });
  writeFileSync(outputs.history, `${JSON.stringify({ format: 1, epochs: history }, null, 1)}\n`);
  metric('loss', last.loss);
  metric('top1', last.top1 ?? 0);
});
