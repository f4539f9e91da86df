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
  inputs: {
    images: { kind: 'dir', about: 'A folder of pictures, however deep they lie: JPEG, PNG, WebP, TIFF, GIF, AVIF or SVG.' },
    model: { kind: 'dir?', about: 'The exported model: `model` of export. Give this or `onnx`.' },
    onnx: { kind: 'file?', about: 'A model as an ONNX file: `onnx` of export. Give this or `model`.' },
    order: {
      kind: 'file?',
      about: 'A CSV whose first column names the pictures of the submission and their order, as a sample submission does.',
    },
  },
  outputs: {
    submission: { kind: 'file.csv', about: 'The columns that `submission` asks for.' },
    predictions: { kind: 'file.csv', about: 'Path, label, class index and probabilities of every picture.' },
  },
  metrics: {
    pictures: { about: 'Pictures that were labelled.' },
    unreadable: { about: 'Pictures that could not be read.', goal: 'minimize' },
    probability: { about: 'The mean probability of the labels: how sure the model is.', tolerance: 0.001 },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
