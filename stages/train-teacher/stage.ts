import { defineStage, param } from 'stillroom';
import { chooseBy, formerParams, heldOutMetrics, networkParams, patience, trainingParams } from 'stillroom/training';

export default defineStage({
  about: 'Train a teacher on all folds but one.',
  params: {
    fold: param.int({ min: 0, about: 'The fold that this teacher does not see.' }),
    ...networkParams({ model: 'efficientnet-b0' }),
    ...trainingParams({ batch: 32, epochs: 20, optimizer: 'adam', lr: 0.003, warmUp: 0.1, sampling: 'shuffled', mixing: 'none' }),
    choose_by: chooseBy('last'),
    patience,
  },
  former: formerParams,
  inputs: { data: 'dir', split: 'file', init: 'file?' },
  outputs: { model: 'dir', history: 'file.json', report: 'dir' },
  metrics: heldOutMetrics,
  resources: { cpu: 2, memory: '1536MiB' },
  run: () => import('./run.ts'),
});
