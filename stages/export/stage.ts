import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Write a model as ONNX and as a TensorFlow SavedModel, and check both against the training graph.',
  params: {
    images: param.int({ min: 1, default: 200, about: 'Training images whose logits are compared.' }),
    tolerance: param.number({
      above: 0,
      default: 1e-4,
      about: 'The largest allowed difference of a logit, relative to the largest logit where that is above 1.',
    }),
  },
  inputs: { model: 'dir', data: 'dir' },
  outputs: { onnx: 'file.onnx', saved_model: 'dir' },
  metrics: {
    onnx_difference: { about: 'Largest such difference, onnxruntime to the training graph.', goal: 'minimize', tolerance: 1e-4 },
    saved_model_difference: {
      about: 'Largest such difference, TensorFlow serving to the training graph.',
      goal: 'minimize',
      tolerance: 1e-4,
    },
    megabytes: { about: 'Size of the ONNX file, in 10⁶ bytes.', goal: 'minimize' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
