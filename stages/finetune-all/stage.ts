import { defineStage } from 'stillroom';
import { formerParams, heldOutMetrics, trainingParams, worthMetrics } from 'stillroom/training';

export default defineStage({
  about: 'Train a model some more epochs on all images and keep a checkpoint of each.',
  params: trainingParams({ batch: 64, epochs: 4, optimizer: 'radam', lr: 0.002, warmUp: 0, sampling: 'shuffled', mixing: 'cutmix' }),
  former: formerParams,
  inputs: { data: 'dir', labels: 'dir?', teacher: 'dir?', teacher_models: 'dir[]?', model: 'dir' },
  outputs: { checkpoints: 'dir', history: 'file.json' },
  metrics: {
    loss: heldOutMetrics.loss,
    learning_rate: heldOutMetrics.learning_rate,
    seen_top1: {
      about: 'Share of at most 2,000 of the images that it was trained on which the last checkpoint classifies rightly.',
      goal: 'maximize',
    },
    ...worthMetrics,
  },
  resources: { cpu: 2, memory: '1536MiB' },
  run: () => import('./run.ts'),
});
