import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Split the training images into stratified folds.',
  params: {
    folds: param.int({ min: 2, max: 65536, default: 5, about: 'The number of folds.' }),
    seed: param.int({ default: 0, about: 'Chooses which images of a class go to which fold.' }),
  },
  inputs: { data: 'dir' },
  outputs: { folds: 'file.json' },
  metrics: {
    smallest: { about: 'Images of the smallest fold.' },
    largest: { about: 'Images of the largest fold; at most one more than the smallest.' },
  },
  resources: { cpu: 1, memory: '512MiB' },
  run: () => import('./run.ts'),
});
