import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { work } from 'stillroom';
import { averageWeights, estimateStatistics, openDataset, readModelOf, writeModel } from 'stillroom/nn';
import type stage from './stage.ts';

/** The model folders of an input: itself, or the last of its sub-folders `epoch-<number>`, in the order of their numbers. */
export function checkpointsOf(folder: string, last: number): string[] {
  if (existsSync(join(folder, 'model.json'))) return [folder];
  const epochs = readdirSync(folder)
    .flatMap((name) => {
      const epoch = /^epoch-(\d+)$/.exec(name)?.[1];
      return epoch === undefined ? [] : [{ name, epoch: Number(epoch) }];
    })
    .sort((a, b) => a.epoch - b.epoch);
  return epochs.slice(-last).map(({ name }) => join(folder, name));
}

export default work<typeof stage>(async ({ params, modules, inputs, outputs, metric, log, fail, signal }) => {
  const data = openDataset(inputs.data);
  const folders = inputs.checkpoints.flatMap(({ path }) => checkpointsOf(path, params.last));
  const models = folders.map((folder) => readModelOf(folder, data.info));
  const [first] = models;
  if (first === undefined)
    return fail('The checkpoints hold no model.', 'Give swa-average a model or a folder of models named epoch-1, epoch-2 …');
  if (models.some(({ network }) => JSON.stringify(network) !== JSON.stringify(first.network))) {
    return fail('The checkpoints are not of one network, so their weights cannot be averaged.');
  }
  log(`averaging ${models.length} checkpoints`);
  const averaged = { ...first, weights: averageWeights(models.map(({ weights }) => weights)) };
  const estimated = params.batch_norm === 'estimated';
  const weights = estimated ? await estimateStatistics(averaged, data, { ...params, sampler: modules.sampling, signal }) : averaged.weights;
  data.close();
  const holdouts = new Set(models.map(({ training }) => training.holdout));
  const holdout = holdouts.size === 1 ? first.training.holdout : null;
  writeModel(outputs.model, { ...averaged, weights, training: { ...(models.at(-1) ?? first).training, holdout, averaged: models.length } });
  metric('averaged', models.length);
});
