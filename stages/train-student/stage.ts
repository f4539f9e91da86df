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
  inputs: {
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images.' },
    split: { kind: 'file', about: 'The folds: `folds` of split-5fold.' },
    labels: { kind: 'dir?', about: "Soft labels: `labels` of mix-labels; without them, the images' own classes." },
    teacher: {
      kind: 'dir?',
      about: "A teacher's predictions (of answers or oof), which `loss: distillation` learns from; other losses pass them over.",
    },
    teacher_models: {
      kind: 'dir[]?',
      about: 'Trained models that answer each batch, for `loss: { name: distillation, teacher: online }`.',
    },
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
  metrics: {
    ...heldOutMetrics,
    best_epoch: { about: 'The epoch whose weights are kept.' },
  },
  resources: { cpu: 2, memory: '1536MiB' },
  run: () => import('./run.ts'),
});
