import type { MakeOptimizer } from '../optimization/optimizer.ts';
import { cosine } from '../schedules/cosine.ts';
import type { Model } from '../weights/model-folder.ts';
import type { Weights } from '../weights/tensor.ts';
import type { BatchSource } from './batches.ts';
import { batchMaker, stepsPerEpoch } from './batches.ts';
import type { CheckpointStore, EpochRecord, TrainingState } from './checkpoint.ts';
import { readState, writeState } from './checkpoint.ts';
import { logitsOf, top1 } from './evaluate.ts';
import type { Trainer } from './step.ts';
import { openTrainer } from './step.ts';
import { inTurns, turn } from './turns.ts';

/** How a model is trained. */
export interface TrainingOptions {
  /** The network with the weights to start from. */
  readonly model: Pick<Model, 'network' | 'weights' | 'input'>;
  readonly source: BatchSource;
  /** The images that accuracy is measured on after each epoch, by index; may be none. */
  readonly heldOut: readonly number[];
  readonly makeOptimizer: MakeOptimizer;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly smoothing: number;
  /** The share of a new batch in the running statistics; 0 keeps each layer's own. */
  readonly batchNormMomentum: number;
  /** The epochs that the learning rate's schedule spans. */
  readonly epochs: number;
  /** The share of all steps in which the learning rate rises. */
  readonly warmUp: number;
  /** The epochs to do now; at most `epochs`. */
  readonly stopAfter: number;
  /** Which epochs' weights are kept: the one that is most accurate on the held-out images, the last one, or every one. */
  readonly keep: 'best' | 'last' | 'every';
}

/** Who watches a training, and how it is stopped. */
export interface TrainingContext {
  readonly checkpoint: CheckpointStore;
  readonly signal: AbortSignal;
  /** Called after each epoch, also for those that an earlier start has done. */
  epoch(record: EpochRecord): void;
  progress(done: number, total: number, note: string): void;
}

/** What a training ends with. */
export interface TrainingResult {
  readonly history: readonly EpochRecord[];
  /** The kept weights by epoch, ascending. */
  readonly kept: ReadonlyMap<number, Weights>;
}

/** The loss is no longer a number: the training cannot go on. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/**
 * Trains a model. If the checkpoint store holds a checkpoint (which is only given to the same training), it goes on from there with the
 * same result to the bit. A checkpoint is saved after every epoch and when the signal is raised, which then ends the training by
 * throwing the signal's reason. Throws a `DivergedError` that names the step when the loss is not finite.
 */
export async function train(options: TrainingOptions, context: TrainingContext): Promise<TrainingResult> {
  const { source, model } = options;
  const perEpoch = stepsPerEpoch(source);
  const total = perEpoch * Math.min(options.stopAfter, options.epochs);
  const earlier = usable(readState(context.checkpoint.folder), total);
  const trainer = openTrainer(
    {
      network: model.network,
      input: model.input,
      classes: source.images.info.classes.length,
      batch: source.batch,
      optimizer: options.makeOptimizer({ weightDecay: options.weightDecay }),
      smoothing: options.smoothing,
      momentum: options.batchNormMomentum === 0 ? undefined : options.batchNormMomentum,
    },
    model.weights,
  );
  try {
    if (earlier !== undefined) trainer.restore(earlier.variables);
    for (const record of earlier?.history ?? []) context.epoch(record);
    return await loop({ options, context, trainer, perEpoch, total }, earlier);
  } finally {
    trainer.close();
  }
}

/** A state that has gone beyond the epochs asked for cannot be gone back on. */
function usable(state: TrainingState | undefined, total: number): TrainingState | undefined {
  return state !== undefined && state.step <= total ? state : undefined;
}

interface Loop {
  readonly options: TrainingOptions;
  readonly context: TrainingContext;
  readonly trainer: Trainer;
  readonly perEpoch: number;
  /** Steps to be done in the end. */
  readonly total: number;
}

async function loop(loop_: Loop, earlier: TrainingState | undefined): Promise<TrainingResult> {
  const { options, context, trainer, perEpoch, total } = loop_;
  const next = batchMaker(options.source);
  const history = [...(earlier?.history ?? [])];
  let { step, lossSum, kept } = earlier ?? { step: 0, lossSum: 0, kept: new Map<number, Weights>() };
  const save = (): Promise<void> => {
    return context.checkpoint.save((folder) => writeState(folder, { step, lossSum, history, variables: trainer.state(), kept }));
  };
  try {
    for (;;) {
      if (step > 0 && step % perEpoch === 0 && history.length < step / perEpoch) {
        const record = { epoch: step / perEpoch, loss: lossSum / perEpoch, top1: await heldOutTop1(loop_) };
        kept = keepWeights(options, kept, history, record, trainer);
        history.push(record);
        lossSum = 0;
        context.epoch(record);
        await save();
      }
      if (step === total) return { history, kept };
      context.signal.throwIfAborted();
      lossSum += stepOnce(loop_, next, step);
      step += 1;
      if (step % Math.ceil(total / 200) === 0 || step === total) {
        context.progress(step, total, `epoch ${Math.ceil(step / perEpoch)} of ${Math.round(total / perEpoch)}`);
      }
      await turn();
    }
  } catch (error) {
    if (context.signal.aborted && step > 0) await save();
    throw error;
  }
}

/** Makes the step and gives its loss. */
function stepOnce({ options, trainer, perEpoch }: Loop, next: ReturnType<typeof batchMaker>, step: number): number {
  const { images, labels } = next(step);
  const steps = perEpoch * options.epochs;
  const learningRate = options.learningRate * cosine({ step, steps, warmUp: Math.floor(options.warmUp * steps) });
  const loss = trainer.step({ images, labels, seed: options.source.seed, step: step + 1, learningRate });
  if (!Number.isFinite(loss)) {
    throw new DivergedError(`The loss became ${loss} at step ${step + 1} (epoch ${Math.floor(step / perEpoch) + 1}).`);
  }
  return loss;
}

async function heldOutTop1({ options: { heldOut, source }, context, trainer }: Loop): Promise<number | null> {
  if (heldOut.length === 0) return null;
  const logits = await inTurns(logitsOf(trainer.logits, source.images, heldOut, source), context.signal);
  return top1(logits, source.images, heldOut);
}

/** The kept weights after an epoch. Of equally accurate epochs the later one is kept. */
function keepWeights(
  { keep }: TrainingOptions,
  kept: ReadonlyMap<number, Weights>,
  earlier: readonly EpochRecord[],
  { epoch, top1 }: EpochRecord,
  trainer: Trainer,
): ReadonlyMap<number, Weights> {
  const before = keep === 'every' ? kept : [];
  const best = Math.max(...earlier.map((record) => record.top1 ?? 0), 0);
  return keep !== 'best' || (top1 ?? 0) >= best ? new Map([...before, [epoch, trainer.weights()]]) : kept;
}
