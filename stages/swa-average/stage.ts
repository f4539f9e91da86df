import { defineStage, param } from 'stillroom';
import { samplingParam } from 'stillroom/training';

export default defineStage({
  about: 'Average the last checkpoints of a training into one model (SWA).',
  params: {
    last: param.int({ min: 1, default: 4, about: 'How many checkpoints of each folder of checkpoints, counted from its last epoch.' }),
    batch_norm: param.choice(['estimated', 'averaged'], {
      default: 'estimated',
      about: 'Batch-norm statistics are measured anew on training images, or averaged as the weights are.',
    }),
    batch: param.int({ min: 2, default: 64, about: 'Images in a batch when batch-norm statistics are measured anew.' }),
    sampling: samplingParam('shuffled', 'How images are drawn for that: as in the training.'),
    seed: param.int({ default: 0, about: 'Decides which images come together for that.' }),
  },
  inputs: {
    checkpoints: {
      kind: 'dir[]',
      about: 'Folders of checkpoints, of which the `last` are taken (`checkpoints` of finetune-all), or models.',
    },
    data: {
      kind: 'dir',
      about: 'The packed training set: `train` of prepare-images. Images of it measure the batch-norm statistics anew.',
    },
  },
  outputs: {
    model: { kind: 'dir', about: 'The averaged model.' },
  },
  metrics: {
    averaged: { about: 'How many checkpoints were averaged.' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
