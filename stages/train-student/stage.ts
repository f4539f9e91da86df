import { defineStage, param } from 'stillroom';
import { chooseBy, formerParams, heldOutMetrics, networkParams, patience, trainingParams } from 'stillroom/training';

export default defineStage({
  about: 'Train the student on all folds but one and keep its best epoch.',
  params: {
    holdout: param.int({ min: 0, default: 0, about: 'The fold that the best epoch is chosen on.' }),
    ...networkParams({ model: 'mobilenet-v3-small' }),
    ...trainingParams({ batch: 64, epochs: 20, optimizer: 'radam', lr: 0.008, warmUp: 0.1, sampling: 'shuffled', mixing: 'cutmix' }),
    stop_after: param.budget({ min: 0, default: 0, about: 'Stop after this many epochs of that plan; 0 for all.' }),
    choose_by: chooseBy('top1'),
    patience,
  },
  former: formerParams,
  inputs: { data: 'dir', split: 'file', labels: 'dir?', teacher: 'dir?', teacher_models: 'dir[]?', init: 'file?' },
  outputs: { model: 'dir', history: 'file.json', report: 'dir' },
  metrics: {
    ...heldOutMetrics,
    best_epoch: { about: 'The epoch whose weights are kept.' },
  },
  resources: { cpu: 2, memory: '1536MiB' },
  run: () => import('./run.ts'),
});
