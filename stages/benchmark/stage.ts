import { defineStage, param } from 'stillroom';
import type { InferenceRuntime } from 'stillroom/nn';

export default defineStage({
  about: 'Measure an exported model on the test set: accuracy, latency, frames a second, and a score of them.',
  params: {
    runtime: param.module<InferenceRuntime>({ folder: './runtimes', default: 'onnxruntime', about: 'What runs the model.' }),
    images: param.int({ min: 1, default: 300, about: 'Test images that each round of the speed measurement runs over.' }),
    rounds: param.int({ min: 1, default: 5, about: 'Rounds; the median counts, the others give the spread.' }),
    warmup: param.int({ min: 0, default: 50, about: 'Images before the first round, not counted.' }),
    batch: param.int({ min: 1, default: 64, about: 'Images at once while the accuracy is measured.' }),
    accuracy_weight: param.number({ min: 0, default: 0.7, about: 'For the score.' }),
    speed_weight: param.number({ min: 0, default: 0.3, about: 'For the score.' }),
    reference_fps: param.number({ above: 0, default: 1000, about: 'For the score: the frames a second that count as full speed.' }),
    score: param.string({
      default: 'accuracy_weight * accuracy + speed_weight * min(1, fps / reference_fps)',
      about:
        'The score, of: accuracy, worst_class, fps, model_fps, p50_ms, p95_ms, megabytes and the params above; with + - * / ^ ( ) and ' +
        'min, max, sqrt, log, exp.',
    }),
  },
  inputs: { model: 'dir', data: 'dir' },
  outputs: { results: 'file.json', tables: 'dir', report: { kind: 'file.json', measured: true } },
  metrics: {
    accuracy: { about: 'Share of the whole test set that is labelled right.', goal: 'maximize', tolerance: 0.001 },
    worst_class: { about: 'Accuracy of the class with the lowest.', goal: 'maximize', tolerance: 0.01 },
    p50_ms: { about: 'Median milliseconds of the model at batch 1.', goal: 'minimize', measured: true },
    p95_ms: { about: '95th percentile of the same.', goal: 'minimize', measured: true },
    fps: { about: 'Images a second from encoded file to label, one after another.', goal: 'maximize', measured: true },
    model_fps: { about: 'Images a second of the model alone, one after another.', goal: 'maximize', measured: true },
    score: { about: 'The formula of the param `score`.', goal: 'maximize', measured: true },
  },
  resources: { cpu: 2, memory: '1GiB' },
  measures: 'machine',
  run: () => import('./run.ts'),
});
