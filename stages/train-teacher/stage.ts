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
  inputs: {
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images.' },
    split: { kind: 'file', about: 'The folds: `folds` of split-5fold.' },
    init: {
      kind: 'file?',
      about: 'Pretrained weights to start from: safetensors, or a state dict of torch.save, read without executing anything.',
    },
  },
  outputs: {
    model: { kind: 'dir', about: 'The trained model; torchvision loads its weights as they are.' },
    history: { kind: 'file.json', about: 'For each epoch the training loss, the learning rate, and what the held-out fold tells.' },
    report: {
      kind: 'dir',
      about: "Tables of the kept epoch's answers for the held-out fold: the confusion matrix, and each class's precision, recall and F1.",
    },
  },
  metrics: heldOutMetrics,
  resources: { cpu: 2, memory: '1536MiB' },
  run: () => import('./run.ts'),
});
