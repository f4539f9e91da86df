import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Predict every training image by the one teacher that did not see it.',
  params: {
    batch: param.int({ min: 1, default: 64, about: 'Images computed at a time.' }),
  },
  inputs: { data: 'dir', split: 'file', models: 'dir[]' },
  outputs: { predictions: 'dir' },
  metrics: {
    accuracy: { about: 'Share of all images that are classified rightly.', goal: 'maximize' },
    accuracy_mean: { about: "Mean of the folds' accuracies.", goal: 'maximize' },
    accuracy_sd: { about: "Standard deviation of the folds' accuracies." },
    fold_accuracy: { about: 'Accuracy of each fold; its number is the step.', goal: 'maximize' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
