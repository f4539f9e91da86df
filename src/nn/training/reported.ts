import { writeFileSync } from 'node:fs';
import type { ConfusionCounts } from '../reports/classification.ts';
import { confusionOf } from '../reports/classification.ts';
import { writeClassTables } from '../reports/tables.ts';
import type { Answers } from '../reports/worth.ts';
import { describeWorth, doubtOf, worthOf } from '../reports/worth.ts';
import type { Weights } from '../weights/tensor.ts';
import type { CheckpointStore, EpochRecord } from './checkpoint.ts';
import { DivergedError } from './divergence.ts';
import type { StartThread } from './feed.ts';
import type { TrainingOptions, TrainingResult } from './train.ts';
import { train } from './train.ts';

type Measure = Exclude<keyof EpochRecord, 'epoch'>;

/** What is told of a model's answers beside how many are right. */
type WorthMetric = 'majority' | 'never_given';

/** What a training needs of its stage's context; a stage without held-out images declares only some of the metrics. */
export interface StageContext {
  metric(name: Measure | WorthMetric, value: number, at?: { readonly step: number }): void;
  progress(done: number, total: number, note?: string): void;
  log(line: string): void;
  warn(message: string): void;
  fail(message: string, hint?: string): never;
  readonly checkpoint: CheckpointStore;
  readonly signal: AbortSignal;
  readonly thread: StartThread;
}

/** What telling the worth of answers needs of a stage's context. */
interface WorthContext extends Pick<StageContext, 'log' | 'warn'> {
  metric(name: WorthMetric, value: number): void;
}

/** Where what came of a training is written. It is data: whoever shows it draws the pictures. */
export interface Report {
  /** The folder for `confusion.csv` and `classes.csv`, where images are held out. */
  readonly report?: string;
  /** The JSON file for the epochs' records. */
  readonly history: string;
}

/** What a reported training ends with: also the epoch whose weights were kept last, with those weights. */
export interface Reported extends TrainingResult {
  readonly epoch: number;
  readonly weights: Weights;
}

const measures: readonly Exclude<Measure, 'top1'>[] = ['loss', 'top5', 'macro_f1', 'balanced_accuracy', 'held_out_loss', 'learning_rate'];

/** What stays that of the last epoch, whichever is kept. */
const ofTraining: readonly Measure[] = ['loss', 'learning_rate'];

/**
 * Trains as a stage: every epoch is logged and sent as metrics, a training that runs away fails the stage with advice, and what came of
 * it is written as a report. In the end `loss` and `learning_rate` are those of the last epoch, the scores those of the kept one.
 */
export async function trainAndReport(options: TrainingOptions, context: StageContext, { report, history }: Report): Promise<Reported> {
  const result = await train(options, {
    checkpoint: context.checkpoint,
    signal: context.signal,
    thread: context.thread,
    progress: (done, total, note) => context.progress(done, total, note),
    epoch(record) {
      const at = { step: record.epoch };
      send(context, 'top1', record.top1, at);
      // What is told of a node in one line begins with these two.
      if (record.epoch === 1) send(context, 'majority', majorityOf(options));
      for (const name of measures) send(context, name, record[name], at);
      context.log(lineOf(record));
    },
  }).catch((error: unknown) => {
    if (error instanceof DivergedError) return context.fail(error.message, 'Lower lr, or raise warm_up.');
    throw error;
  });
  const [epoch, weights] = [...result.kept].at(-1) ?? [];
  const last = result.history.at(-1);
  if (epoch === undefined || weights === undefined || last === undefined) throw new Error('The training ended without an epoch.');
  const best = options.keep === 'chosen' && options.chooseBy !== 'last' ? { best_epoch: epoch } : {};
  writeFileSync(history, `${JSON.stringify({ format: 1, ...best, epochs: result.history }, null, 1)}\n`);
  const scores = result.history.find((record) => record.epoch === epoch) ?? last;
  for (const name of ['top1', ...measures] as const) send(context, name, (ofTraining.includes(name) ? last : scores)[name]);
  if (report !== undefined) reportAnswers(options, result, report, context);
  return { ...result, epoch, weights };
}

/** Sends a metric unless there was nothing to measure it on. */
function send(context: StageContext, name: Measure | WorthMetric, value: number | null, at?: { readonly step: number }): void {
  if (value !== null) context.metric(name, value, at);
}

function lineOf({ epoch, loss, learning_rate, top1, top5, macro_f1, balanced_accuracy, held_out_loss }: EpochRecord): string {
  const scores = [
    ...(top1 === null ? [] : [`top-1 ${top1.toFixed(4)}`]),
    ...(top5 === null ? [] : [`top-5 ${top5.toFixed(4)}`]),
    ...(macro_f1 === null ? [] : [`macro-F1 ${macro_f1.toFixed(4)}`]),
    ...(balanced_accuracy === null ? [] : [`balanced accuracy ${balanced_accuracy.toFixed(4)}`]),
    ...(held_out_loss === null ? [] : [`held-out loss ${held_out_loss.toFixed(4)}`]),
  ];
  return [`epoch ${epoch}: loss ${loss.toFixed(4)}`, ...scores, `learning rate ${Number(learning_rate.toPrecision(3))}`].join(', ');
}

/** The share of the most frequent class among the held-out images; null without any. */
function majorityOf({ source: { images }, heldOut }: TrainingOptions): number | null {
  const truth = heldOut.map((index) => images.labels[index] as number);
  return heldOut.length === 0 ? null : worthOf(confusionOf(truth, truth, images.info.classes.length)).majority.share;
}

/** Writes what the kept weights answered for the held-out images, and says what it is worth. */
function reportAnswers({ source, heldOut }: TrainingOptions, { predicted }: TrainingResult, folder: string, context: StageContext): void {
  if (heldOut.length === 0) return;
  const { info, labels } = source.images;
  const truth = heldOut.map((index) => labels[index] as number);
  const confusion = confusionOf(truth, predicted, info.classes.length);
  writeClassTables(folder, confusion, info.classes);
  reportWorth(confusion, { who: 'the model', images: `${heldOut.length} held-out images`, classes: info.classes }, context);
}

/**
 * Says what answers are worth: logs it, sends the metrics `majority` and `never_given`, and warns where they are to be doubted (see
 * `doubtOf`).
 */
export function reportWorth(confusion: ConfusionCounts, answers: Answers, context: WorthContext): void {
  const worth = worthOf(confusion);
  context.metric('majority', worth.majority.share);
  context.metric('never_given', worth.neverGiven.length);
  context.log(describeWorth(worth, answers));
  const doubt = doubtOf(worth, answers);
  if (doubt !== undefined) context.warn(doubt);
}
