import { defineStage, param } from 'stillroom';
import { worthMetrics } from 'stillroom/training';

export default defineStage({
  about: 'Predict every image of a packed set by one model: a teacher’s answers, for instance.',
  params: {
    batch: param.int({ min: 1, default: 64, about: 'Images computed at a time.' }),
  },
  inputs: {
    data: { kind: 'dir', about: 'A packed set of images: `train` or `test` of prepare-images.' },
    model: { kind: 'dir', about: 'The model that answers, of the same channels and classes.' },
  },
  outputs: {
    predictions: { kind: 'dir', about: 'The probability of each class for each image.' },
  },
  metrics: {
    accuracy: { about: 'Share of all images that are classified rightly; of images that the model was trained on, no measure of it.' },
    ...worthMetrics,
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
