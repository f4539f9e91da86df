import type { Images } from '../data/dataset.ts';
import { openSession } from '../engine/session.ts';
import { Graph } from '../graph/graph.ts';
import { buildForInference } from '../layers/build.ts';
import { parametersOf, toGraphLayout } from '../layers/parameters.ts';
import { balancedAccuracy, confusionOf, macroF1 } from '../reports/classification.ts';
import type { Model } from '../weights/model-folder.ts';
import { tensorOf } from '../weights/tensor.ts';
import { evaluationBatches } from './batches.ts';
import { normalise } from './input.ts';
import { atOnce, inTurns } from './turns.ts';

/** Gives the logits (N × classes) of a batch of images (N × size × size × channels bytes). */
type BatchLogits = (images: Uint8Array) => Float32Array;

/** A model loaded for predicting. */
export interface Predictor {
  /** The logits of images of a dataset, row by row (indices × classes), on the crop in their middle. */
  logits(images: Images, indices: readonly number[]): Float32Array;
  /** The same in turns: other work goes on between batches, and the signal ends it by throwing its reason. */
  logitsInTurns(images: Images, indices: readonly number[], signal: AbortSignal): Promise<Float32Array>;
  close(): void;
}

/** Loads a model for predicting with batch norm by its running statistics. `batch` images are computed at a time. */
export function openPredictor(model: Model, batch: number): Predictor {
  const { network, input } = model;
  const graph = new Graph();
  const images = graph.placeholder('images', [batch, input.size, input.size, input.channels], 'uint8');
  const output = buildForInference(graph, network, normalise(graph, images, input));
  const session = openSession(graph);
  const parameters = parametersOf(network);
  session.assign(
    new Map(
      parameters.map((parameter) => [parameter.name, toGraphLayout(parameter, tensorOf(model.weights, parameter.name, parameter.shape))]),
    ),
  );
  const run = session.function([images], [output]);
  const compute: BatchLogits = (bytes) => run([bytes])[0] as Float32Array;
  return {
    logits: (dataset, indices) => atOnce(logitsOf(compute, dataset, indices, { size: input.size, batch })),
    logitsInTurns: (dataset, indices, signal) => inTurns(logitsOf(compute, dataset, indices, { size: input.size, batch }), signal),
    close: session.close,
  };
}

/**
 * The logits of images of a dataset (indices × classes), computed `batch` at a time with a pause after each; what fills up the last
 * batch is left out.
 */
export function* logitsOf(
  compute: BatchLogits,
  images: Images,
  indices: readonly number[],
  { size, batch }: { readonly size: number; readonly batch: number },
): Generator<undefined, Float32Array> {
  const classes = images.info.classes.length;
  const logits = new Float32Array(indices.length * classes);
  let start = 0;
  for (const bytes of evaluationBatches(images, indices, size, batch)) {
    const rows = compute(bytes);
    const left = Math.min(batch, indices.length - start);
    logits.set(rows.subarray(0, left * classes), start * classes);
    start += left;
    yield;
  }
  return logits;
}

/** Softmax of each row of `classes` numbers. */
export function softmax(logits: Float32Array, classes: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const powers = Array.from(row, (logit) => Math.exp(logit - largest));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, label) => {
      probabilities[start + label] = power / sum;
    });
  }
  return probabilities;
}

/** How well images are told apart. */
export interface Scores {
  /** The share of images whose class is the best answer, and the share of those whose class is among the five best. */
  readonly top1: number;
  readonly top5: number;
  /** See `macroF1`. */
  readonly macroF1: number;
  /** See `balancedAccuracy`. */
  readonly balancedAccuracy: number;
  /** The best answer for each image. */
  readonly predicted: readonly number[];
}

/** Scores rows of logits or probabilities, one for each of the images. Throws if there are no images. */
export function scoresOf(rows: Float32Array, images: Images, indices: readonly number[]): Scores {
  if (indices.length === 0) throw new Error('There are no images to score.');
  const classes = images.info.classes.length;
  const predicted = indices.map((_, place) => largestPlace(rows.subarray(place * classes, (place + 1) * classes)));
  const truth = indices.map((index) => images.labels[index] as number);
  const confusion = confusionOf(truth, predicted, classes);
  return {
    top1: topK(rows, images, indices, 1),
    top5: topK(rows, images, indices, 5),
    macroF1: macroF1(confusion),
    balancedAccuracy: balancedAccuracy(confusion),
    predicted,
  };
}

/** The mean cross-entropy of rows of logits and the classes of the images that they answer. */
export function crossEntropyOf(logits: Float32Array, images: Images, indices: readonly number[]): number {
  const classes = images.info.classes.length;
  const losses = indices.map((index, place) => {
    const row = logits.subarray(place * classes, (place + 1) * classes);
    const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return Math.log(sum) + largest - (row[images.labels[index] as number] as number);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** The share of rows (of logits or probabilities) whose largest number is at the image's own class. Ties go to the first class. */
export function top1(rows: Float32Array, images: Images, indices: readonly number[]): number {
  return topK(rows, images, indices, 1);
}

/** The share of rows with the image's own class among the `k` largest numbers. Ties go to the first class. */
export function topK(rows: Float32Array, images: Images, indices: readonly number[], k: number): number {
  const classes = images.info.classes.length;
  const right = indices.filter((index, place) => {
    const row = rows.subarray(place * classes, (place + 1) * classes);
    const label = images.labels[index] as number;
    const own = row[label] as number;
    const isBehind = (value: number, other: number): boolean => own > value || (own === value && label <= other);
    return row.reduce((before, value, other) => (isBehind(value, other) ? before : before + 1), 0) < k;
  });
  return right.length / indices.length;
}

function largestPlace(row: Float32Array): number {
  let best = 0;
  row.forEach((value, place) => {
    if (value > (row[best] as number)) best = place;
  });
  return best;
}
