import { defineStage, param } from 'stillroom';
import type { Architecture, MakeOptimizer, Mixing } from 'stillroom/nn';

export default defineStage({
  about: 'Train a teacher on all folds but one.',
  params: {
    fold: param.int({ min: 0, about: 'The fold that this teacher does not see.' }),
    model: param.module<Architecture>({ folder: 'stillroom/nn/models', default: 'efficientnet-b0', about: 'The architecture.' }),
    stem_stride: param.int({
      min: 1,
      max: 2,
      default: 2,
      about: 'Stride of the first convolution; 1 keeps the resolution of small images.',
    }),
    drop_path: param.number({
      min: 0,
      below: 1,
      default: 0,
      about: "How often the last block's branch is dropped in training (EfficientNet: 0.2 as published, which only helps long trainings).",
    }),
    zero_head: param.boolean({ default: true, about: 'Start the last layer at 0, so that no step is spent on unlearning random answers.' }),
    size: param.int({ min: 0, default: 0, about: 'Height and width that the network sees; 0 for those of the stored images.' }),
    batch: param.int({ min: 1, default: 32, about: 'Images in a batch.' }),
    epochs: param.int({ min: 1, default: 20, about: 'Rounds through the images.' }),
    seed: param.int({ default: 0, about: 'Decides fresh weights, order, augmentation and dropout.' }),
    optimizer: param.module<MakeOptimizer>({ folder: 'stillroom/nn/optimizers', default: 'adam', about: 'How weights are moved.' }),
    lr: param.number({ above: 0, default: 0.003, about: 'The highest learning rate; it falls along half a cosine.' }),
    warm_up: param.number({ min: 0, max: 1, default: 0.1, about: 'The share of all steps in which the learning rate rises.' }),
    weight_decay: param.number({ min: 0, default: 0, about: 'Decoupled weight decay of kernels and matrices.' }),
    label_smoothing: param.number({ min: 0, below: 1, default: 0, about: 'The share of each label that is spread over all classes.' }),
    batch_norm_momentum: param.number({
      min: 0,
      max: 1,
      default: 0.1,
      about: "Share of a batch in the running statistics; 0 for the model's own.",
    }),
    sampling: param.choice(['shuffled', 'balanced'], { default: 'shuffled', about: 'Each image equally often, or each class.' }),
    mixing: param.module<Mixing>({ folder: 'stillroom/nn/mixing', default: 'none', about: 'How images of a batch are mixed.' }),
    mixing_probability: param.number({ min: 0, max: 1, default: 0.5, about: 'The share of batches that are mixed.' }),
    crop_padding: param.int({ min: 0, default: 0, about: 'Pixels added on every side before the random crop.' }),
    flip: param.boolean({ default: true, about: 'Mirror every other image.' }),
  },
  inputs: { data: 'dir', split: 'file' },
  outputs: { model: 'dir', history: 'file.json' },
  metrics: {
    loss: { about: 'Mean training loss of an epoch.', goal: 'minimize' },
    top1: { about: 'Share of the unseen fold that is classified rightly.', goal: 'maximize' },
  },
  resources: { cpu: 2, memory: '1536MiB' },
  run: () => import('./run.ts'),
});
