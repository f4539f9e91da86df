import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Mix the out-of-fold predictions into the labels: oof_weight × prediction + (1 − oof_weight) × one-hot.',
  params: {
    oof_weight: param.number({ min: 0, max: 1, default: 0.2, about: 'The share of the prediction; 0 gives the hard labels.' }),
  },
  inputs: {
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images.' },
    predictions: { kind: 'dir', about: 'Probabilities for the same images and classes: `predictions` of oof.' },
  },
  outputs: {
    labels: { kind: 'dir', about: 'The mixed label of each image.' },
  },
  metrics: {
    changed: { about: 'Share of images whose largest mixed label is not their own class.' },
    own: { about: "Mean of the mixed label at the image's own class." },
  },
  resources: { cpu: 1, memory: '512MiB' },
  run: () => import('./run.ts'),
});
