/** What training stages declare alike, imported as `stillroom/training`: plain declarations, so that a `stage.ts` of your own may use them. */
import { param } from './model/params.ts';
import type { Architecture, Loss, Mixing, Optimizer, Sampler, Schedule } from './nn/index.ts';

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
  model: param.module<Architecture, { readonly stem_stride: number; readonly zero_head: boolean }>({
    folder: 'stillroom/nn/models',
    default: model,
    about: 'The architecture.',
    params: {
      stem_stride: param.int({
        min: 1,
        max: 2,
        default: 2,
        about: 'Stride of the first convolution; 1 keeps the resolution of small images.',
      }),
      zero_head: param.boolean({
        default: true,
        about: 'Start the last layer at 0, so that no step is spent on unlearning random answers.',
      }),
    },
  }),
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
  lr: param.number({ above: 0, default: lr, about: 'The highest learning rate.' }),
  schedule: param.module<Schedule, { readonly warm_up: number }>({
    folder: 'stillroom/nn/schedules',
    default: 'cosine',
    about: 'How the learning rate falls after the warm-up.',
    params: {
      warm_up: param.number({ min: 0, max: 1, default: warmUp, about: 'The share of all steps in which the learning rate rises.' }),
    },
  }),
  optimizer: param.module<Optimizer>({ folder: 'stillroom/nn/optimizers', default: optimizer, about: 'How weights are moved.' }),
  loss: param.module<Loss, { readonly label_smoothing: number }>({
    folder: 'stillroom/nn/losses',
    default: 'cross-entropy',
    about: 'What is made small.',
    params: {
      label_smoothing: param.number({
        min: 0,
        below: 1,
        default: 0,
        about: 'The share of each label that is spread over all classes.',
      }),
    },
  }),
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
  augment: param.group(
    {
      crop_padding: param.int({ min: 0, default: 0, about: 'Pixels added on every side before the random crop.' }),
      flip: param.boolean({ default: true, about: 'Mirror every other image.' }),
    },
    { about: 'How each image is changed by itself.' },
  ),
  mixing: param.module<Mixing>({ folder: 'stillroom/nn/mixing', default: mixing, about: 'How images of a batch are mixed.' }),
});

/** Where the params of trainings stand that once stood all in one list. */
export const formerParams = {
  stem_stride: 'model.stem_stride',
  drop_path: 'model.drop_path',
  zero_head: 'model.zero_head',
  warm_up: 'schedule.warm_up',
  step_every: 'schedule.every',
  step_factor: 'schedule.factor',
  momentum: 'optimizer.momentum',
  weight_decay: 'optimizer.weight_decay',
  label_smoothing: 'loss.label_smoothing',
  focal_gamma: 'loss.gamma',
  temperature: 'loss.temperature',
  teacher_weight: 'loss.teacher_weight',
  margin: 'loss.margin',
  scale: 'loss.scale',
  mixing_probability: 'mixing.probability',
  mixing_alpha: 'mixing.alpha',
  grid_from: 'mixing.from',
  grid_to: 'mixing.to',
  grid_ratio: 'mixing.ratio',
  grid_rotate: 'mixing.rotate',
  crop_padding: 'augment.crop_padding',
  flip: 'augment.flip',
} as const;

/** What is told of any answers beside how many of them are right. */
export const worthMetrics = {
  majority: { about: 'Share of the most frequent class: what giving it to every image is right on.' },
  never_given: { about: 'Classes that have images and are given to none.', goal: 'minimize' },
} as const;

/** What both training stages with a held-out fold report of it. */
export const heldOutMetrics = {
  loss: { about: 'Mean training loss of an epoch.', goal: 'minimize' },
  top1: { about: 'Share of the held-out fold that is classified rightly; in the end that of the kept epoch.', goal: 'maximize' },
  top5: { about: 'Share of the held-out fold whose class is among the five best answers.', goal: 'maximize' },
  macro_f1: { about: 'Unweighted mean of the F1 of all classes on the held-out fold.', goal: 'maximize' },
  balanced_accuracy: {
    about: 'Unweighted mean of the share of each class of the held-out fold that is classified rightly.',
    goal: 'maximize',
  },
  held_out_loss: { about: 'Mean cross-entropy of the answers for the held-out fold and its own classes.', goal: 'minimize' },
  ...worthMetrics,
  learning_rate: { about: "The learning rate of an epoch's last step." },
  initialised: { about: 'Tensors that were loaded from the file of weights; absent without one.' },
} as const;

/** Which epoch's weights a training with a held-out fold keeps. */
export const chooseBy = (byDefault: 'last' | 'top1') =>
  param.choice(['last', 'top1', 'macro_f1', 'balanced_accuracy', 'loss'], {
    default: byDefault,
    about: 'The epoch that is kept: the last one, or the best on the held-out fold by this measure, of equals the later.',
  });

/** When a training with a held-out fold ends early. */
export const patience = param.int({
  min: 0,
  default: 0,
  about:
    'Stop when this many epochs in a row were no better on the held-out fold, by `choose_by` (by top1 where that is `last`); 0 for never.',
});
