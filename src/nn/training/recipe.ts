import type { Images } from '../data/dataset.ts';
import type { Probabilities } from '../data/probabilities.ts';
import { initialWeights } from '../layers/initialise.ts';
import type { Mixing } from '../augment/mixing.ts';
import type { Architecture } from '../network.ts';
import type { MakeOptimizer } from '../optimization/optimizer.ts';
import { samplers } from '../sampling/samplers.ts';
import type { Model } from '../weights/model-folder.ts';
import type { TrainingOptions } from './train.ts';

/** What all training stages let their user set, under the names of their params. */
export interface Recipe {
  readonly batch: number;
  readonly epochs: number;
  readonly seed: number;
  readonly lr: number;
  readonly warm_up: number;
  readonly weight_decay: number;
  readonly label_smoothing: number;
  readonly batch_norm_momentum: number;
  readonly sampling: keyof typeof samplers;
  readonly mixing_probability: number;
  readonly crop_padding: number;
  readonly flip: boolean;
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
  readonly keep: TrainingOptions['keep'];
  readonly stopAfter?: number;
}

/** Puts a recipe, the modules that its names chose, and a task together. */
export function trainingOptions(
  recipe: Recipe,
  modules: { readonly optimizer: MakeOptimizer; readonly mixing: Mixing },
  { model, images, training, heldOut, labels, keep, stopAfter = recipe.epochs }: Task,
): TrainingOptions {
  return {
    model,
    source: {
      images,
      indices: training,
      ...(labels === undefined ? {} : { targets: labels.values }),
      batch: recipe.batch,
      size: model.input.size,
      augmentation: { padding: recipe.crop_padding, flip: recipe.flip },
      sampler: samplers[recipe.sampling],
      mixing: modules.mixing,
      mixingProbability: recipe.mixing_probability,
      seed: recipe.seed,
    },
    heldOut,
    makeOptimizer: modules.optimizer,
    learningRate: recipe.lr,
    weightDecay: recipe.weight_decay,
    smoothing: recipe.label_smoothing,
    batchNormMomentum: recipe.batch_norm_momentum,
    epochs: recipe.epochs,
    warmUp: recipe.warm_up,
    stopAfter,
    keep,
  };
}

/** How a new model is made. */
export interface FreshModel {
  readonly architecture: string;
  readonly build: Architecture;
  readonly stemStride: 1 | 2;
  /** Height and width that it sees; 0 for those of the stored images. */
  readonly size: number;
  /** See `ArchitectureOptions`. */
  readonly dropPath: number;
  /** Start the last layer at 0 instead of at random. */
  readonly zeroHead: boolean;
  readonly seed: number;
}

/** A new model with fresh weights for the images of a dataset. */
export function freshModel({ info }: Images, { architecture, build, stemStride, dropPath, size, zeroHead, seed }: FreshModel): Model {
  const { channels, classes, mean, std } = info;
  const network = build({ classes: classes.length, channels, stemStride, dropPath });
  const weights = initialWeights(network, seed);
  if (zeroHead) weights.get(`${network.output}.weight`)?.data.fill(0);
  const input = { size: size === 0 ? Math.min(info.height, info.width) : size, channels, mean, std };
  return { architecture, network, input, classes, training: { holdout: null }, weights };
}
