import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Write a model for others to use, as ONNX and in the forms that other packages load, and check each against the training graph.',
  params: {
    formats: param.choices(['onnx', 'saved_model', 'openvino', 'tfjs', 'timm', 'transformers', 'transformers_js'], {
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
    timm_difference: {
      about: "Largest such difference, the tensors of the timm folder in timm's architecture to the training graph.",
      goal: 'minimize',
      tolerance: 1e-4,
    },
    transformers_difference: { about: "The same of the folder of Python's transformers.", goal: 'minimize', tolerance: 1e-4 },
    transformers_js_difference: {
      about: 'Largest such difference, onnxruntime on the file of the transformers.js folder to the training graph.',
      goal: 'minimize',
      tolerance: 1e-4,
    },
    megabytes: { about: 'Size of the ONNX file, in 10⁶ bytes.', goal: 'minimize' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
