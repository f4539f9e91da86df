import { defineStage, param } from 'stillroom';

export default defineStage({
  about:
    'Write a model for others to use, as ONNX, TensorFlow SavedModel, OpenVINO IR or TensorFlow.js, and check each against the training graph.',
  params: {
    formats: param.choices(['onnx', 'saved_model', 'openvino', 'tfjs'], {
      default: ['onnx', 'saved_model'],
      about: 'What the folder of the model holds.',
    }),
    images: param.int({ min: 1, default: 200, about: 'Training images whose logits are compared.' }),
    tolerance: param.number({
      above: 0,
      default: 1e-4,
      about: 'The largest allowed difference of a logit, relative to the largest logit where that is above 1.',
    }),
  },
  inputs: { model: 'dir', data: 'dir' },
  outputs: { onnx: 'file.onnx', model: 'dir' },
  metrics: {
    onnx_difference: { about: 'Largest such difference, onnxruntime to the training graph.', goal: 'minimize', tolerance: 1e-4 },
    saved_model_difference: {
      about: 'Largest such difference, TensorFlow serving to the training graph.',
      goal: 'minimize',
      tolerance: 1e-4,
    },
    tfjs_difference: {
      about: 'Largest such difference, TensorFlow on the graph and weights of the TensorFlow.js files to the training graph.',
      goal: 'minimize',
      tolerance: 1e-4,
    },
    megabytes: { about: 'Size of the ONNX file, in 10⁶ bytes.', goal: 'minimize' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
