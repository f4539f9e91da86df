import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Network } from '../network.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import type { Weights } from './tensor.ts';

/** What a network expects: square images, their channels, and the mean and standard deviation (of values in 0…1) they are normalised with. */
export interface ModelInput {
  readonly size: number;
  readonly channels: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Facts of a model's training that later stages check. */
export interface TrainingFacts {
  /** The fold that was not trained on, or null if all images were. */
  readonly holdout: number | null;
  readonly [fact: string]: string | number | boolean | null;
}

/** A trained model: its network, its weights and what it was made for. */
export interface Model {
  readonly architecture: string;
  readonly network: Network;
  readonly input: ModelInput;
  readonly classes: readonly string[];
  readonly training: TrainingFacts;
  readonly weights: Weights;
}

const FORMAT = 1;

/** Writes a model folder: `model.json` and `weights.safetensors`, the same bytes for the same model. The folder is made if needed. */
export function writeModel(folder: string, model: Model): void {
  mkdirSync(folder, { recursive: true });
  const { architecture, network, input, classes, training, weights } = model;
  const training_ = Object.fromEntries(Object.entries(training).sort(([a], [b]) => (a < b ? -1 : 1)));
  const description = { format: FORMAT, architecture, network, input, classes, training: training_ };
  writeFileSync(join(folder, 'model.json'), `${JSON.stringify(description, null, 1)}\n`);
  writeSafetensors(join(folder, 'weights.safetensors'), weights);
}

/** Reads a model folder. Throws if it is none or of another format. */
export function readModel(folder: string): Model {
  const description = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as Omit<Model, 'weights'> & { readonly format: number };
  if (description.format !== FORMAT) throw new Error(`This model folder has the format ${description.format}; only ${FORMAT} can be read.`);
  const { architecture, network, input, classes, training } = description;
  return { architecture, network, input, classes, training, weights: readSafetensors(join(folder, 'weights.safetensors')) };
}

/** Reads a model folder for a dataset. Throws if the model takes other channels or tells other classes apart. */
export function readModelOf(
  folder: string,
  { channels, classes }: { readonly channels: number; readonly classes: readonly string[] },
): Model {
  const model = readModel(folder);
  if (model.input.channels !== channels)
    throw new Error(`The model takes ${model.input.channels} channels, but the images have ${channels}.`);
  if (model.classes.join('\n') !== classes.join('\n')) throw new Error('The model tells other classes apart than the dataset has.');
  return model;
}
