import { defineStage, param } from 'stillroom';
import type { InferenceRuntime } from 'stillroom/nn';

export default defineStage({
  about: 'Label pictures by an exported model: a contest’s test folder becomes a submission.',
  params: {
    runtime: param.module<InferenceRuntime>({ folder: '../benchmark/runtimes', default: 'onnxruntime', about: 'What runs the model.' }),
    submission: param.string({
      default: 'image,label',
      about:
        'The columns of the submission, each a head or head=content: path, name or stem of the picture, label, index or probability of what ' +
        'it is taken for, or a class, for its probability; * is a column for each class. image_id=stem,label=index, for example.',
    }),
    unreadable: param.choice(['fail', 'report'], {
      default: 'fail',
      about: 'fail: end with the names of all pictures that cannot be read; report: leave them out and name them in the log.',
    }),
    batch: param.int({ min: 1, default: 32, about: 'Pictures at once.' }),
  },
  inputs: { images: 'dir', model: 'dir?', onnx: 'file?', order: 'file?' },
  outputs: { submission: 'file.csv', predictions: 'file.csv' },
  metrics: {
    pictures: { about: 'Pictures that were labelled.' },
    unreadable: { about: 'Pictures that could not be read.', goal: 'minimize' },
    probability: { about: 'The mean probability of the labels: how sure the model is.', tolerance: 0.001 },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
