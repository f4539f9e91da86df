import { defineStage, param } from 'stillroom';

export default defineStage({
  about: 'Write a model for others to use, as ONNX and in the forms that other packages load, and check each against the training graph.',
  params: {
    formats: param.choices(['onnx', 'saved_model', 'openvino', 'tfjs', 'timm', 'transformers', 'transformers_js'], {
      default: ['onnx', 'saved_model'],
      about: 'What the folder of the model holds.',
    }),
    precision: param.choice(['float32', 'float16', 'bfloat16', 'int8'], {
      default: 'float32',
      about: 'Of the ONNX file: how its weights are stored, with int8 also what it computes with. Other formats are float32.',
    }),
    int8: param.group(
      {
        target: param.choice(['openvino', 'onnxruntime'], {
          default: 'openvino',
          about: 'Whose way of computing the file is written for; the other can read it, slowly.',
        }),
        keep_float: param.choices(['none', 'first', 'last', 'depthwise', 'squeeze-excite'], {
          default: ['none'],
          about:
            'Layers that stay in float32: the first convolution, the last layer with weights, depthwise ones, those of pooled features.',
        }),
        method: param.choice(['min-max', 'percentile', 'mse'], {
          default: 'percentile',
          about: 'How the range of a layer is chosen: all that was seen, without the rarest, or with the least squared error.',
        }),
        percentile: param.number({ above: 50, max: 100, default: 99.99, about: 'The share of numbers within the range, for that method.' }),
        images: param.int({ min: 1, default: 256, about: 'Training images that calibrate.' }),
      },
      { about: 'How int8 is made.' },
    ),
    max_loss: param.number({ min: 0, default: 0.01, about: 'The largest accuracy that a precision below float32 may lose.' }),
    loss_images: param.int({
      min: 1,
      default: 1000,
      about: 'Images on which that is measured: of `validation`, else training images that do not calibrate.',
    }),
    preprocessing: param.choice(['metadata', 'graph'], {
      default: 'metadata',
      about: 'Whether files only say how pictures are prepared, or also hold a graph that does it, from pixels to probabilities.',
    }),
    images: param.int({ min: 1, default: 200, about: 'Training images whose logits are compared.' }),
    tolerance: param.number({
      above: 0,
      default: 1e-4,
      about: 'The largest allowed difference of a logit, relative to the largest logit where that is above 1.',
    }),
  },
  inputs: {
    model: { kind: 'dir', about: 'A trained, averaged or fused model.' },
    data: { kind: 'dir', about: 'The packed training set: `train` of prepare-images. Images of it check the files, and calibrate int8.' },
    validation: {
      kind: 'dir?',
      about: 'Packed images on which the accuracy that a lower precision loses is measured; without it, training images.',
    },
  },
  outputs: {
    onnx: { kind: 'file.onnx', about: 'The model as one ONNX file, opset 17.' },
    model: { kind: 'dir', about: 'The exported model: what predicting needs to know, and a folder for each of `formats`.' },
  },
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
    accuracy_lost: {
      about: 'Accuracy of the training graph less that of the ONNX file, where its precision is below float32.',
      goal: 'minimize',
      tolerance: 0.002,
    },
    pictures_difference: {
      about: 'Largest difference of a probability where pictures that need no resizing are prepared in the graph.',
      goal: 'minimize',
      tolerance: 1e-4,
    },
    resizing_difference: {
      about: 'The same where they are resized in the graph instead of by sharp, the mean over pictures.',
      goal: 'minimize',
      tolerance: 1e-2,
    },
    megabytes: { about: 'Size of the ONNX file, in 10⁶ bytes.', goal: 'minimize' },
  },
  resources: { cpu: 2, memory: '1GiB' },
  run: () => import('./run.ts'),
});
