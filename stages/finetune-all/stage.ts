import { defineStage, param } from 'stillroom';
import type { MakeOptimizer, Mixing } from 'stillroom/nn';

export default defineStage({
  about: 'Train a model some more epochs on all images and keep a checkpoint of each.',
  params: {
    batch: param.int({ min: 1, default: 64, about: 'Images in a batch.' }),
    epochs: param.int({ min: 1, default: 4, about: 'Rounds through the images; each leaves a checkpoint.' }),
    seed: param.int({ default: 0, about: 'Decides order, augmentation and dropout.' }),
    optimizer: param.module<MakeOptimizer>({ folder: 'stillroom/nn/optimizers', default: 'radam', about: 'How weights are moved.' }),
    lr: param.number({ above: 0, default: 0.002, about: 'The highest learning rate; it falls along half a cosine.' }),
    warm_up: param.number({ min: 0, max: 1, default: 0, about: 'The share of all steps in which the learning rate rises.' }),
    weight_decay: param.number({ min: 0, default: 0, about: 'Decoupled weight decay of kernels and matrices.' }),
    label_smoothing: param.number({ min: 0, below: 1, default: 0, about: 'The share of each label that is spread over all classes.' }),
    batch_norm_momentum: param.number({
      min: 0,
      max: 1,
      default: 0.1,
      about: "Share of a batch in the running statistics; 0 for the model's own.",
    }),
    sampling: param.choice(['shuffled', 'balanced'], { default: 'balanced', about: 'Each image equally often, or each class.' }),
    mixing: param.module<Mixing>({ folder: 'stillroom/nn/mixing', default: 'cutmix', about: 'How images of a batch are mixed.' }),
    mixing_probability: param.number({ min: 0, max: 1, default: 0.5, about: 'The share of batches that are mixed.' }),
    crop_padding: param.int({ min: 0, default: 0, about: 'Pixels added on every side before the random crop.' }),
    flip: param.boolean({ default: true, about: 'Mirror every other image.' }),
  },
  inputs: { data: 'dir', labels: 'dir?', model: 'dir' },
  outputs: { checkpoints: 'dir' },
  metrics: {
    loss: { about: 'Mean training loss of an epoch.', goal: 'minimize' },
  },
  resources: { cpu: 2, memory: '1536MiB' },
  run: () => import('./run.ts'),
});
