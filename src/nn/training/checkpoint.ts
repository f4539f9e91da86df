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
  /** The share of held-out images whose class was found; null if none is held out. */
  readonly top1: number | null;
}

/** All that a training needs to go on as if it had not been stopped. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** The losses of the steps of the epoch that is not complete yet, summed. */
  readonly lossSum: number;
  readonly history: readonly EpochRecord[];
  /** Weights, running statistics and the optimizer's state, in the graph's layouts. */
  readonly variables: Weights;
  /** The weights that are kept, by epoch. */
  readonly kept: ReadonlyMap<number, Weights>;
}

/** Where a training keeps what lets it go on. */
export interface CheckpointStore {
  /** The folder of the last complete checkpoint, if there is one. */
  readonly folder: string | undefined;
  /** Replaces the last checkpoint once `write` has ended. */
  save(write: (folder: string) => void): Promise<void>;
}

interface Progress {
  readonly format: number;
  readonly step: number;
  readonly lossSum: number;
  readonly history: readonly EpochRecord[];
  readonly kept: readonly number[];
}

const FORMAT = 1;

/** Writes a training's state into a folder. */
export function writeState(folder: string, { step, lossSum, history, variables, kept }: TrainingState): void {
  mkdirSync(folder, { recursive: true });
  const progress: Progress = { format: FORMAT, step, lossSum, history, kept: [...kept.keys()] };
  writeFileSync(join(folder, 'progress.json'), JSON.stringify(progress));
  writeSafetensors(join(folder, 'state.safetensors'), variables);
  for (const [epoch, weights] of kept) writeSafetensors(join(folder, `epoch-${epoch}.safetensors`), weights);
}

/** Reads a training's state; undefined if the folder holds none or one of another format. */
export function readState(folder: string | undefined): TrainingState | undefined {
  if (folder === undefined || !existsSync(join(folder, 'progress.json'))) return undefined;
  const { format, step, lossSum, history, kept } = JSON.parse(readFileSync(join(folder, 'progress.json'), 'utf8')) as Progress;
  if (format !== FORMAT) return undefined;
  const variables = readSafetensors(join(folder, 'state.safetensors'));
  const weights = kept.map((epoch) => [epoch, readSafetensors(join(folder, `epoch-${epoch}.safetensors`))] as const);
  return { step, lossSum, history, variables, kept: new Map(weights) };
}
