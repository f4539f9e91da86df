import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Split the training images into stratified folds, groups of images kept together.',
  params: {
    folds: param.int({ min: 2, max: 65536, default: 5, about: 'The number of folds.' }),
    seed: param.int({ default: 0, about: 'Chooses which images of a class go to which fold.' }),
    group: param.string({
      default: '',
      about: 'A regular expression whose first group finds, in an image’s name, what it must not be parted from; none if empty.',
    }),
  },
  inputs: {
    data: { kind: 'dir', about: 'A packed set of images: `train` of prepare-images.' },
  },
  outputs: {
    folds: { kind: 'file.json', about: 'The fold of each image.' },
  },
  metrics: {
    smallest: { about: 'Images of the smallest fold.' },
    largest: { about: 'Images of the largest fold; without groups at most one more than the smallest.' },
  },
  resources: { cpu: 1, memory: '512MiB' },
  run: () => import('./run.ts'),
});
