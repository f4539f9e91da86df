import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import type { Weights } from '../weights/tensor.ts';

/** What is noted of an epoch. */
export interface EpochRecord {
  /** The first is 1. */
  readonly epoch: number;
  /** The mean loss over the epoch's steps. */
  readonly loss: number;
  /** The learning rate of the epoch's last step. */
  readonly learning_rate: number;
  /** The share of held-out images whose class is the best answer; null if none is held out, as below. */
  readonly top1: number | null;
  /** The share of held-out images whose class is among the five best answers. */
  readonly top5: number | null;
  /** The unweighted mean of the F1 of the held-out images' classes. */
  readonly macro_f1: number | null;
  /** The unweighted mean of the recall of the held-out images' classes. */
  readonly balanced_accuracy: number | null;
  /** The mean cross-entropy of the answers for held-out images and their own classes, whatever loss is trained with. */
  readonly held_out_loss: number | null;
}

/** All that a training needs to go on as if it had not been stopped. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** The losses of the steps of the epoch that is not complete yet, summed. */
  readonly lossSum: number;
  /** The loss of the very first step; null before it. */
  readonly firstLoss: number | null;
  readonly history: readonly EpochRecord[];
  /** Weights, running statistics and the optimizer's state, in the graph's layouts. */
  readonly variables: Weights;
  /** The weights that are kept, by epoch. */
  readonly kept: ReadonlyMap<number, Weights>;
  /** The class that the weights kept last give to each held-out image. */
  readonly predicted: readonly number[];
}

/** Where a training keeps what lets it go on. */
export interface CheckpointStore {
  /** The folder of the last complete checkpoint, if there is one. */
  readonly folder: string | undefined;
  /** Replaces the last checkpoint once `write` has ended. */
  save(write: (folder: string) => void): Promise<void>;
}

interface Progress extends Omit<TrainingState, 'variables' | 'kept'> {
  readonly format: number;
  readonly kept: readonly number[];
}

const FORMAT = 3;

/** Writes a training's state into a folder. */
export function writeState(folder: string, { variables, kept, ...rest }: TrainingState): void {
  mkdirSync(folder, { recursive: true });
  const progress: Progress = { format: FORMAT, ...rest, kept: [...kept.keys()] };
  writeFileSync(join(folder, 'progress.json'), JSON.stringify(progress));
  writeSafetensors(join(folder, 'state.safetensors'), variables);
  for (const [epoch, weights] of kept) writeSafetensors(join(folder, `epoch-${epoch}.safetensors`), weights);
}

/** Reads a training's state; undefined if the folder holds none or one of another format. */
export function readState(folder: string | undefined): TrainingState | undefined {
  if (folder === undefined || !existsSync(join(folder, 'progress.json'))) return undefined;
  const { format, kept, ...rest } = JSON.parse(readFileSync(join(folder, 'progress.json'), 'utf8')) as Progress;
  if (format !== FORMAT) return undefined;
  const variables = readSafetensors(join(folder, 'state.safetensors'));
  const weights = kept.map((epoch) => [epoch, readSafetensors(join(folder, `epoch-${epoch}.safetensors`))] as const);
  return { ...rest, variables, kept: new Map(weights) };
}
