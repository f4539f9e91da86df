import { defineStage, param } from 'stillroom';
import { worthMetrics } from 'stillroom/training';
import type { InferenceRuntime } from 'stillroom/nn';

export default defineStage({
  about: 'Measure an exported model on the test set: accuracy, latency, frames a second, and a score of them.',
  params: {
    runtime: param.module<InferenceRuntime>({ folder: './runtimes', default: 'onnxruntime', about: 'What runs the model.' }),
    tta: param.choice(['none', 'flip', 'crops', 'flip-crops'], {
      default: 'none',
      about: 'Views of each image whose probabilities are averaged: also mirrored, also the four corners, or all of these.',
    }),
    decoding: param.choice(['prepared', 'whole'], {
      default: 'prepared',
      about: 'prepared: files become the very pixels that were packed; whole: large JPEGs are not decoded scaled, as by other programs.',
    }),
    images: param.int({ min: 1, default: 300, about: 'Test images that each round of a speed measurement runs over.' }),
    rounds: param.int({ min: 1, default: 5, about: 'Rounds; the median counts, the others give the spread.' }),
    warmup: param.int({ min: 0, default: 50, about: 'Images before the first round of each measurement, not counted.' }),
    batches: param.numbers({ default: [8, 32], about: 'Images at once of which the speed is measured beside 1; the best counts.' }),
    ahead: param.int({
      min: 1,
      default: 4,
      about: 'Images that are decoded while the model runs, where decoding overlaps; at least a batch.',
    }),
    batch: param.int({ min: 1, default: 64, about: 'Images at once while the accuracy is measured.' }),
    accuracy_weight: param.number({ min: 0, default: 0.7, about: 'For the score.' }),
    speed_weight: param.number({ min: 0, default: 0.3, about: 'For the score.' }),
    reference_fps: param.number({ above: 0, default: 1000, about: 'For the score: the frames a second that count as full speed.' }),
    score: param.string({
      default: 'accuracy_weight * accuracy + speed_weight * min(1, fps / reference_fps)',
      about:
        'The score, of: accuracy, macro_f1, balanced_accuracy, worst_class, fps, overlapped_fps, best_fps, model_fps, best_model_fps, p50_ms, ' +
        'p95_ms, p99_ms, megabytes, memory_mib and the three params above; with + - * / ^ ( ) and min, max, sqrt, log, exp.',
    }),
  },
  inputs: {
    model: { kind: 'dir', about: 'The exported model: `model` of export. `runtime` decides which of its formats is read.' },
    data: { kind: 'dir', about: 'The packed test set with its encoded files: `test` of prepare-images.' },
  },
  outputs: {
    results: {
      kind: 'file.json',
      about: 'Accuracy, macro-F1, balanced accuracy, accuracy by class, and how often each class was taken for each other.',
    },
    tables: { kind: 'dir', about: 'The confusion matrix, and images, precision, recall and F1 of each class, as CSV.' },
    predictions: {
      kind: 'dir',
      measured: true,
      about: 'The probability of each class for each test image, from which a report shows images.',
    },
    speeds: { kind: 'file.csv', measured: true, about: 'Images a second with their spread, for each batch and way of decoding.' },
    report: {
      kind: 'file.json',
      measured: true,
      about: 'All of it with the machine and its load, memory, threads, and the values of the score.',
    },
  },
  metrics: {
    accuracy: { about: 'Share of the whole test set that is labelled right.', goal: 'maximize', tolerance: 0.001 },
    ...worthMetrics,
    macro_f1: { about: 'Unweighted mean of the F1 of all classes.', goal: 'maximize', tolerance: 0.002 },
    balanced_accuracy: { about: 'Unweighted mean of the accuracy of all classes.', goal: 'maximize', tolerance: 0.002 },
    worst_class: { about: 'Accuracy of the class with the lowest.', goal: 'maximize', tolerance: 0.01 },
    p50_ms: { about: 'Median milliseconds of the model at batch 1.', goal: 'minimize', measured: true },
    p95_ms: { about: '95th percentile of the same.', goal: 'minimize', measured: true },
    p99_ms: { about: '99th percentile of the same.', goal: 'minimize', measured: true },
    fps: { about: 'Images a second from encoded file to label, one after another.', goal: 'maximize', measured: true },
    overlapped_fps: { about: 'The same while other threads decode the next images.', goal: 'maximize', measured: true },
    best_fps: {
      about: 'The most images a second from encoded file to label, of all batches and both ways.',
      goal: 'maximize',
      measured: true,
    },
    model_fps: { about: 'Images a second of the model alone, one after another.', goal: 'maximize', measured: true },
    best_model_fps: { about: 'The most images a second of the model alone, of all batches.', goal: 'maximize', measured: true },
    memory_mib: { about: "The process's peak of memory after measuring batch 1, in MiB.", goal: 'minimize', measured: true },
    tta_gain: { about: 'Accuracy that the views beside the middle bring; absent without them.', goal: 'maximize', tolerance: 0.002 },
    tta_cost: { about: 'Images a second without these views for each with them.', goal: 'minimize', measured: true },
    score: { about: 'The formula of the param `score`.', goal: 'maximize', measured: true },
  },
  resources: { cpu: 2, memory: '1GiB' },
  measures: 'machine',
  run: () => import('./run.ts'),
});
