import { writeFileSync } from 'node:fs';
import { confusionOf } from '../reports/classification.ts';
import { writeClassTables } from '../reports/tables.ts';
import type { Weights } from '../weights/tensor.ts';
import type { CheckpointStore, EpochRecord } from './checkpoint.ts';
import { DivergedError } from './divergence.ts';
import type { StartThread } from './feed.ts';
import type { TrainingOptions, TrainingResult } from './train.ts';
import { train } from './train.ts';

type Measure = Exclude<keyof EpochRecord, 'epoch'>;

/** What a training needs of its stage's context; a stage without held-out images declares only `loss` and `learning_rate`. */
export interface StageContext {
  metric(name: Measure, value: number, at?: { readonly step: number }): void;
  progress(done: number, total: number, note?: string): void;
  log(line: string): void;
  fail(message: string, hint?: string): never;
  readonly checkpoint: CheckpointStore;
  readonly signal: AbortSignal;
  readonly thread: StartThread;
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

const measures: readonly Measure[] = ['loss', 'learning_rate', 'top1', 'top5', 'macro_f1'];

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
      for (const name of measures) send(context, name, record[name], { step: record.epoch });
      context.log(lineOf(record));
    },
  }).catch((error: unknown) => {
    if (error instanceof DivergedError) return context.fail(error.message, 'Lower lr, or raise warm_up.');
    throw error;
  });
  const [epoch, weights] = [...result.kept].at(-1) ?? [];
  const last = result.history.at(-1);
  if (epoch === undefined || weights === undefined || last === undefined) throw new Error('The training ended without an epoch.');
  if (report !== undefined) writeTables(options, result, report);
  const best = options.keep === 'best' ? { best_epoch: epoch } : {};
  writeFileSync(history, `${JSON.stringify({ format: 1, ...best, epochs: result.history }, null, 1)}\n`);
  const scores = result.history.find((record) => record.epoch === epoch) ?? last;
  for (const name of measures) send(context, name, (name === 'loss' || name === 'learning_rate' ? last : scores)[name]);
  return { ...result, epoch, weights };
}

/** Sends a metric unless there was nothing to measure it on. */
function send(context: StageContext, name: Measure, value: number | null, at?: { readonly step: number }): void {
  if (value !== null) context.metric(name, value, at);
}

function lineOf({ epoch, loss, learning_rate, top1, top5, macro_f1 }: EpochRecord): string {
  const scores = [
    ...(top1 === null ? [] : [`top-1 ${top1.toFixed(4)}`]),
    ...(top5 === null ? [] : [`top-5 ${top5.toFixed(4)}`]),
    ...(macro_f1 === null ? [] : [`macro-F1 ${macro_f1.toFixed(4)}`]),
  ];
  return [`epoch ${epoch}: loss ${loss.toFixed(4)}`, ...scores, `learning rate ${Number(learning_rate.toPrecision(3))}`].join(', ');
}

/** Writes what the kept weights, or the last, answered for the held-out images. */
function writeTables({ source, heldOut }: TrainingOptions, { predicted }: TrainingResult, folder: string): void {
  if (heldOut.length === 0) return;
  const { info, labels } = source.images;
  const truth = heldOut.map((index) => labels[index] as number);
  writeClassTables(folder, confusionOf(truth, predicted, info.classes.length), info.classes);
}
