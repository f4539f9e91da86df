/** What training stages declare alike, imported as `stillroom/training`: plain declarations, so that a `stage.ts` of your own may use them. */
import { param } from './model/params.ts';
import type { Architecture, Loss, MakeOptimizer, Mixing, Sampler, Schedule } from './nn/index.ts';

/** Where training stages differ. */
interface TrainingDefaults {
  readonly batch: number;
  readonly epochs: number;
  readonly optimizer: string;
  readonly lr: number;
  readonly warmUp: number;
  readonly sampling: string;
  readonly mixing: string;
}

/** The params of which network is made, with which fresh weights. */
export const networkParams = ({ model }: { readonly model: string }) => ({
  model: param.module<Architecture>({ folder: 'stillroom/nn/models', default: model, about: 'The architecture.' }),
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
});

/** The param of how images are drawn. */
export const samplingParam = (name: string, about: string) =>
  param.module<Sampler>({ folder: 'stillroom/nn/samplers', default: name, about });

/** The params of how a network is trained, whatever it is. */
export const trainingParams = ({ batch, epochs, optimizer, lr, warmUp, sampling, mixing }: TrainingDefaults) => ({
  batch: param.int({ min: 1, default: batch, about: 'Images in a batch.' }),
  epochs: param.int({ min: 1, default: epochs, about: 'The rounds through the images that the learning rate is planned for.' }),
  epoch_length: param.int({ min: 0, default: 0, about: 'Images in an epoch; 0 for as many as are trained on.' }),
  seed: param.int({ default: 0, about: 'Decides fresh weights, order, augmentation and dropout.' }),
  optimizer: param.module<MakeOptimizer>({ folder: 'stillroom/nn/optimizers', default: optimizer, about: 'How weights are moved.' }),
  momentum: param.number({ min: 0, below: 1, default: 0.9, about: "For sgd: the share of a step's direction that the next one keeps." }),
  lr: param.number({ above: 0, default: lr, about: 'The highest learning rate.' }),
  warm_up: param.number({ min: 0, max: 1, default: warmUp, about: 'The share of all steps in which the learning rate rises.' }),
  schedule: param.module<Schedule>({
    folder: 'stillroom/nn/schedules',
    default: 'cosine',
    about: 'How the learning rate falls after the warm-up.',
  }),
  step_every: param.int({ min: 1, default: 10, about: 'For the schedule step: the epochs between two falls.' }),
  step_factor: param.number({ above: 0, max: 1, default: 0.1, about: 'For the schedule step: what a fall multiplies by.' }),
  weight_decay: param.number({ min: 0, default: 0, about: 'Weight decay of kernels and matrices: decoupled, but for sgd coupled.' }),
  loss: param.module<Loss>({ folder: 'stillroom/nn/losses', default: 'cross-entropy', about: 'What is made small.' }),
  label_smoothing: param.number({ min: 0, below: 1, default: 0, about: 'The share of each label that is spread over all classes.' }),
  focal_gamma: param.number({ min: 0, default: 2, about: 'For focal: how much less counts what is certain already.' }),
  temperature: param.number({ above: 0, default: 4, about: 'For distillation: what logits are divided by.' }),
  teacher_weight: param.number({ min: 0, max: 1, default: 0.9, about: "For distillation: the teacher's part in the loss." }),
  margin: param.number({ min: 0, max: 1, default: 0.3, about: "For arcface: radians added to the angle of an image's class." }),
  scale: param.number({ above: 0, default: 16, about: 'For arcface: what cosines are multiplied by.' }),
  precision: param.choice(['float32', 'bfloat16'], {
    default: 'float32',
    about:
      'What a step computes in. bfloat16 takes less memory, and on processors that compute in it less time for large networks; the model stays float32.',
  }),
  batch_norm_momentum: param.number({
    min: 0,
    max: 1,
    default: 0.1,
    about: "Share of a batch in the running statistics; 0 for the model's own.",
  }),
  moving_average: param.number({
    min: 0,
    below: 1,
    default: 0,
    about: 'Keep a running average of the weights that forgets by 1 − this at each step, and evaluate and keep that; 0 for none.',
  }),
  sampling: samplingParam(sampling, 'Each image equally often, or each class.'),
  mixing: param.module<Mixing>({ folder: 'stillroom/nn/mixing', default: mixing, about: 'How images of a batch are mixed.' }),
  mixing_probability: param.number({ min: 0, max: 1, default: 0.5, about: 'The share of batches that are mixed.' }),
  mixing_alpha: param.number({
    above: 0,
    default: 1,
    about: "For cutmix and mixup: both parameters of the mixing share's beta distribution.",
  }),
  grid_from: param.number({
    above: 0,
    max: 2,
    default: 0.4,
    about: "For gridmask: the grid's smallest period, as a share of the image's side.",
  }),
  grid_to: param.number({
    above: 0,
    max: 2,
    default: 1,
    about: "For gridmask: the grid's largest period, as a share of the image's side.",
  }),
  grid_ratio: param.number({ min: 0, max: 1, default: 0.6, about: 'For gridmask: the share of a period that is kept, along each axis.' }),
  grid_rotate: param.number({
    min: 0,
    max: 360,
    default: 0,
    about: 'For gridmask: the largest angle in degrees that the grid is turned by.',
  }),
  crop_padding: param.int({ min: 0, default: 0, about: 'Pixels added on every side before the random crop.' }),
  flip: param.boolean({ default: true, about: 'Mirror every other image.' }),
});

/** What both training stages with a held-out fold report of it. */
export const heldOutMetrics = {
  loss: { about: 'Mean training loss of an epoch.', goal: 'minimize' },
  top1: { about: 'Share of the held-out fold that is classified rightly; in the end that of the kept epoch.', goal: 'maximize' },
  top5: { about: 'Share of the held-out fold whose class is among the five best answers.', goal: 'maximize' },
  macro_f1: { about: 'Unweighted mean of the F1 of all classes on the held-out fold.', goal: 'maximize' },
  learning_rate: { about: "The learning rate of an epoch's last step." },
  initialised: { about: 'Tensors that were loaded from the file of weights; absent without one.' },
} as const;

/** When a training with a held-out fold ends early. */
export const patience = param.int({
  min: 0,
  default: 0,
  about: 'Stop when this many epochs in a row were no better on the held-out fold; 0 for never.',
});
