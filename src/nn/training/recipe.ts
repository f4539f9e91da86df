import type { Images } from '../data/dataset.ts';
import type { Probabilities } from '../data/probabilities.ts';
import type { Mixing } from '../mixing/parts/mixing.ts';
import type { Loss } from '../losses/parts/loss.ts';
import type { Optimizer } from '../optimizers/parts/optimizer.ts';
import type { Schedule } from '../schedules/parts/schedule.ts';
import type { Sampler } from '../samplers/parts/sampler.ts';
import type { Model } from '../weights/model-folder.ts';
import type { ChooseBy } from './choice.ts';
import type { Precision } from './step.ts';
import type { Teacher } from './teachers.ts';
import type { TrainingOptions } from './train.ts';

/** What all training stages let their user set, under the names of their params; what a choice is told itself is already in the module. */
export interface TrainingRecipe {
  readonly batch: number;
  readonly epochs: number;
  readonly seed: number;
  readonly lr: number;
  readonly schedule: { readonly warm_up: number };
  readonly loss: { readonly label_smoothing: number };
  readonly batch_norm_momentum: number;
  readonly moving_average: number;
  readonly precision: Precision;
  readonly epoch_length: number;
  readonly augment: { readonly crop_padding: number; readonly flip: boolean };
  /** See `TrainingOptions`; a training without held-out images has neither. */
  readonly patience?: number;
  readonly choose_by?: ChooseBy;
}

/** What a training is about: the model it starts from, its images and its labels. */
export interface Task {
  readonly model: Model;
  readonly images: Images;
  /** The images to train on, and those to measure on, by index. */
  readonly training: readonly number[];
  readonly heldOut: readonly number[];
  /** Soft labels of all images. */
  readonly labels?: Probabilities | undefined;
  /** A teacher's predictions of all images; other losses than those that learn from them pass them over. */
  readonly teacher?: Probabilities | undefined;
  /** Trained models that answer each batch, for a loss that learns from such. */
  readonly teachers?: readonly Teacher[] | undefined;
  readonly keep: TrainingOptions['keep'];
  readonly stopAfter?: number;
}

/** The choices of code among a training stage's params. */
export interface RecipeModules {
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly loss: Loss;
  readonly sampling: Sampler;
  readonly mixing: Mixing;
}

/** Puts a recipe, the modules that its names chose, and a task together. */
export function trainingOptions(recipe: TrainingRecipe, modules: RecipeModules, task: Task): TrainingOptions {
  const { model, images, training, heldOut, labels, teacher, teachers = [], keep, stopAfter = recipe.epochs } = task;
  const { teaching } = modules.loss;
  checkFit(modules.loss, task);
  return {
    model,
    source: {
      images,
      indices: training,
      ...(labels === undefined ? {} : { targets: labels.values }),
      ...(teacher === undefined || teaching?.teacher !== 'stored' ? {} : { teacher: soften(teacher, teaching.temperature) }),
      batch: recipe.batch,
      size: model.input.size,
      augmentation: { padding: recipe.augment.crop_padding, flip: recipe.augment.flip },
      sampler: modules.sampling,
      epochLength: recipe.epoch_length,
      mixing: modules.mixing,
      seed: recipe.seed,
    },
    heldOut,
    optimizer: modules.optimizer,
    learningRate: { highest: recipe.lr, schedule: modules.schedule, warmUp: recipe.schedule.warm_up },
    movingAverage: recipe.moving_average,
    precision: recipe.precision,
    loss: modules.loss,
    teachers: teaching?.teacher === 'online' ? teachers : [],
    labelSmoothing: recipe.loss.label_smoothing,
    batchNormMomentum: recipe.batch_norm_momentum,
    epochs: recipe.epochs,
    stopAfter,
    patience: recipe.patience ?? 0,
    chooseBy: recipe.choose_by ?? 'last',
    keep,
  };
}

/** Throws if the loss does not go with the network's last layer or with the answers that are there to learn from. */
function checkFit({ cosines, teaching }: Loss, { model: { network }, teacher, teachers = [] }: Task): void {
  const head = network.layers.find(({ name }) => name === network.output);
  if ((head?.kind === 'cosine') !== (cosines !== undefined)) {
    throw new Error(`The model ends in a ${head?.kind ?? 'missing'} layer, which this loss is not for: give the loss it was made with.`);
  }
  if (teaching !== undefined && (teaching.teacher === 'stored' ? teacher === undefined : teachers.length === 0)) {
    throw new Error('This loss learns from a teacher, and this training is given none.');
  }
}

/** The probabilities that logits divided by the temperature give: their own powers, made to sum to 1. */
function soften({ values, classes }: Probabilities, temperature: number): Float32Array {
  const softened = values.map((value) => value ** (1 / temperature));
  for (let start = 0; start < softened.length; start += classes.length) {
    const row = softened.subarray(start, start + classes.length);
    const sum = row.reduce((total, value) => total + value, 0);
    row.forEach((value, label) => {
      row[label] = value / sum;
    });
  }
  return softened;
}
