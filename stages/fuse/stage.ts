import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Fold every batch norm into the convolution before it, and check that the outputs stay the same.',
  params: {
    images: param.int({ min: 1, default: 200, about: 'How many training images the outputs are compared on.' }),
    batch: param.int({ min: 1, default: 50, about: 'Images computed at a time for that.' }),
    tolerance: param.number({
      above: 0,
      default: 1e-4,
      about: 'The largest allowed difference of a logit, relative to the largest logit.',
    }),
  },
  inputs: {
    model: { kind: 'dir', about: 'A trained model.' },
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images. Images of it compare the outputs before and after.' },
  },
  outputs: {
    model: {
      kind: 'dir',
      about: "The model with its batch norms folded; its weights no longer load into torchvision's modules with batch norm.",
    },
  },
  metrics: {
    folded: { about: 'How many batch norms were folded.' },
    left: { about: 'How many could not be: they stand before their convolution, not behind it.' },
    relative_error: { about: 'Largest difference of a logit, relative to the largest logit.', goal: 'minimize', tolerance: 1e-5 },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
