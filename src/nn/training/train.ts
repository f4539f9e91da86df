import type { Optimizer } from '../optimizers/parts/optimizer.ts';
import type { LearningRate } from '../schedules/parts/schedule.ts';
import { learningRateAt } from '../schedules/parts/schedule.ts';
import type { Loss } from '../losses/parts/loss.ts';
import type { Model } from '../weights/model-folder.ts';
import type { Weights } from '../weights/tensor.ts';
import type { BatchArrays, BatchSource } from './batches.ts';
import { stepsPerEpoch } from './batches.ts';
import type { CheckpointStore, EpochRecord, TrainingState } from './checkpoint.ts';
import { readState, writeState } from './checkpoint.ts';
import type { ChooseBy } from './choice.ts';
import { hasStalled, isChosen } from './choice.ts';
import { checkAnswers, checkLoss, checkVariables, type Moment } from './divergence.ts';
import type { Scores } from './evaluate.ts';
import { crossEntropyOf, logitsOf, scoresOf } from './evaluate.ts';
import type { Feed, StartThread } from './feed.ts';
import { openFeed } from './feed.ts';
import { startPace } from './pace.ts';
import type { Precision, Trainer } from './step.ts';
import { openTrainer } from './step.ts';
import type { Teacher } from './teachers.ts';
import { inTurns, turn } from './turns.ts';

/** How a model is trained. */
export interface TrainingOptions {
  /** The network with the weights to start from. */
  readonly model: Pick<Model, 'network' | 'weights' | 'input'>;
  readonly source: BatchSource;
  /** The images that accuracy is measured on after each epoch, by index; may be none. */
  readonly heldOut: readonly number[];
  readonly optimizer: Optimizer;
  readonly learningRate: LearningRate;
  /** The decay of a running average of the weights, which is then measured and kept; 0 for none. */
  readonly movingAverage: number;
  /** What a training step computes in; the model is float32 anyway. */
  readonly precision: Precision;
  readonly loss: Loss;
  /** The trained models that answer each batch, if the loss learns from such. */
  readonly teachers: readonly Teacher[];
  /** The share of every label that is spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** The share of a new batch in the running statistics; 0 keeps each layer's own. */
  readonly batchNormMomentum: number;
  /** The epochs that the learning rate's schedule spans. */
  readonly epochs: number;
  /** The epochs to do now; at most `epochs`. */
  readonly stopAfter: number;
  /** The training ends after this many epochs that were no better on the held-out images (see `hasStalled`); 0 for never. */
  readonly patience: number;
  /** Which epochs' weights are kept: the one that is chosen, or every one. */
  readonly keep: 'chosen' | 'every';
  readonly chooseBy: ChooseBy;
}

/** Who watches a training, and how it is stopped. */
export interface TrainingContext {
  readonly checkpoint: CheckpointStore;
  readonly signal: AbortSignal;
  /** Lets batches be made in a thread: see `openFeed`. */
  readonly thread?: StartThread;
  /** Called after each epoch, also for those that an earlier start has done. */
  epoch(record: EpochRecord): void;
  progress(done: number, total: number, note: string): void;
}

/** What a training ends with. */
export interface TrainingResult {
  readonly history: readonly EpochRecord[];
  /** The kept weights by epoch, ascending. */
  readonly kept: ReadonlyMap<number, Weights>;
  /** The class that the weights kept last give to each held-out image, in their order. */
  readonly predicted: readonly number[];
}

/**
 * Trains a model. If the checkpoint store holds a checkpoint (which is only given to the same training), it goes on from there with the
 * same result to the bit. A checkpoint is saved after every epoch and when the signal is raised, which then ends the training by
 * throwing the signal's reason. Throws a `DivergedError` that names the step when loss, weights or answers are no longer numbers, or the
 * loss explodes.
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
      optimizer: options.optimizer,
      movingAverage: options.movingAverage,
      precision: options.precision,
      loss: options.loss,
      teachers: options.teachers,
      labelSmoothing: options.labelSmoothing,
      momentum: options.batchNormMomentum === 0 ? undefined : options.batchNormMomentum,
    },
    model.weights,
  );
  const feed = openFeed(source, context.thread);
  try {
    const { variables, ...done } = earlier ?? { ...nothing, variables: undefined };
    if (variables !== undefined) trainer.restore(variables);
    for (const record of done.history) context.epoch(record);
    return await loop({ options, context, trainer, feed, perEpoch, total }, done);
  } finally {
    await feed.close();
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
  readonly feed: Feed;
  readonly perEpoch: number;
  /** Steps to be done in the end. */
  readonly total: number;
}

/** All of a training's state that is not in the graph. */
type Done = Omit<TrainingState, 'variables'>;

const nothing: Done = { step: 0, lossSum: 0, firstLoss: null, history: [], kept: new Map(), predicted: [] };

async function loop(own: Loop, earlier: Done): Promise<TrainingResult> {
  const { options, context, trainer, feed, perEpoch, total } = own;
  const pace = startPace();
  let done = earlier;
  const save = (variables: Weights): Promise<void> => context.checkpoint.save((folder) => writeState(folder, { ...done, variables }));
  try {
    for (;;) {
      if (done.step > 0 && done.step === (done.history.length + 1) * perEpoch) {
        const variables = trainer.state();
        checkVariables(variables, placeOf(own, done));
        done = await endEpoch(own, done);
        context.epoch(done.history.at(-1) as EpochRecord);
        await save(variables);
        pace.restart();
      }
      if (done.step === total || hasStalled(done.history, options.patience, options.chooseBy)) return done;
      context.signal.throwIfAborted();
      done = stepOnce(own, await feed.next(done.step), done);
      pace.count(options.source.batch);
      if (done.step % Math.ceil(total / 200) === 0 || done.step === total) {
        const epochs = `epoch ${placeOf(own, done).epoch} of ${Math.round(total / perEpoch)}`;
        context.progress(done.step, total, `${epochs}, ${Math.round(pace.read())} images/s`);
      }
      await turn();
    }
  } catch (error) {
    if (context.signal.aborted && done.step > 0) await save(trainer.state());
    throw error;
  }
}

function placeOf({ perEpoch }: Loop, { step }: Done): Moment {
  return { step, epoch: Math.ceil(step / perEpoch) };
}

function learningRateOf({ options, perEpoch }: Loop, step: number): number {
  return learningRateAt(options.learningRate, { step, steps: perEpoch * options.epochs, perEpoch });
}

/** Makes a step. */
function stepOnce(own: Loop, { images, labels, teacher }: BatchArrays, done: Done): Done {
  const { options, trainer } = own;
  const learningRate = learningRateOf(own, done.step);
  const step = done.step + 1;
  const loss = trainer.step({
    images,
    labels,
    ...(teacher === undefined ? {} : { teacher }),
    seed: options.source.seed,
    step,
    learningRate,
  });
  const firstLoss = done.firstLoss ?? loss;
  checkLoss(loss, firstLoss, placeOf(own, { ...done, step }));
  return { ...done, step, firstLoss, lossSum: done.lossSum + loss };
}

/** What is done once the epoch whose last step has been made is evaluated. */
async function endEpoch(own: Loop, done: Done): Promise<Done> {
  const { options, trainer, perEpoch } = own;
  const { step, lossSum, history } = done;
  const scores = await heldOutScores(own, done);
  const record: EpochRecord = {
    epoch: history.length + 1,
    loss: lossSum / perEpoch,
    learning_rate: learningRateOf(own, step - 1),
    top1: scores?.top1 ?? null,
    top5: scores?.top5 ?? null,
    macro_f1: scores?.macroF1 ?? null,
    balanced_accuracy: scores?.balancedAccuracy ?? null,
    held_out_loss: scores?.loss ?? null,
  };
  const all = { ...done, lossSum: 0, history: [...history, record] };
  if (options.keep === 'chosen' && !isChosen(record, history, options.chooseBy)) return all;
  const kept = new Map([...(options.keep === 'every' ? done.kept : []), [record.epoch, trainer.weights()] as const]);
  return { ...all, kept, predicted: scores?.predicted ?? [] };
}

async function heldOutScores(own: Loop, done: Done): Promise<(Scores & { readonly loss: number }) | undefined> {
  const { options, context, trainer } = own;
  const { heldOut, source } = options;
  if (heldOut.length === 0) return undefined;
  const logits = await inTurns(logitsOf(trainer.logits, source.images, heldOut, source), context.signal);
  checkAnswers(logits, placeOf(own, done));
  return { ...scoresOf(logits, source.images, heldOut), loss: crossEntropyOf(logits, source.images, heldOut) };
}
