import { defineStage, param } from 'stillroom';
import { worthMetrics } from 'stillroom/training';

export default defineStage({
  about: 'Predict every training image by the one teacher that did not see it.',
  params: {
    batch: param.int({ min: 1, default: 64, about: 'Images computed at a time.' }),
    least_gain: param.number({
      min: -1,
      max: 1,
      default: -1,
      about: 'Fail unless the accuracy is this much above the share of the most frequent class; -1 for never.',
    }),
  },
  inputs: {
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images.' },
    split: { kind: 'file', about: 'The folds that the teachers were trained with: `folds` of split-5fold.' },
    models: { kind: 'dir[]', about: 'One teacher for each fold, known by the `fold` of its matrix point.' },
  },
  outputs: {
    predictions: { kind: 'dir', about: 'The probability of each class for each training image, by the teacher that did not see it.' },
  },
  metrics: {
    accuracy: { about: 'Share of all images that are classified rightly.', goal: 'maximize' },
    balanced_accuracy: { about: 'Unweighted mean of the share of each class that is classified rightly.', goal: 'maximize' },
    ...worthMetrics,
    accuracy_mean: { about: "Mean of the folds' accuracies.", goal: 'maximize' },
    accuracy_sd: { about: "Standard deviation of the folds' accuracies." },
    fold_accuracy: { about: 'Accuracy of each fold; its number is the step.', goal: 'maximize' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
