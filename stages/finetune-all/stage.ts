import { defineStage } from 'stillroom';
import { formerParams, heldOutMetrics, trainingParams, worthMetrics } from 'stillroom/training';

export default defineStage({
  about: 'Train a model some more epochs on all images and keep a checkpoint of each.',
  params: trainingParams({ batch: 64, epochs: 4, optimizer: 'radam', lr: 0.002, warmUp: 0, sampling: 'shuffled', mixing: 'cutmix' }),
  former: formerParams,
  inputs: {
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images.' },
    labels: { kind: 'dir?', about: "Soft labels: `labels` of mix-labels; without them, the images' own classes." },
    teacher: { kind: 'dir?', about: "A teacher's predictions, for `loss: distillation`." },
    teacher_models: {
      kind: 'dir[]?',
      about: 'Trained models that answer each batch, for `loss: { name: distillation, teacher: online }`.',
    },
    model: { kind: 'dir', about: 'The model to start from.' },
  },
  outputs: {
    checkpoints: { kind: 'dir', about: 'A model for each epoch: epoch-1, epoch-2 and so on.' },
    history: { kind: 'file.json', about: 'For each epoch the mean training loss and the learning rate.' },
  },
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
