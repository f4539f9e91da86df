import { join } from 'node:path';
import { onnxruntimeVersion, openOnnx } from 'stillroom/nn';
import type { InferenceRuntime } from 'stillroom/nn';

export const about = 'ONNX Runtime, from the format onnx.';

/** ONNX Runtime. */
const onnxruntime: InferenceRuntime = {
  version: onnxruntimeVersion(),
  precision: 'float32',
  affinity: 'free',
  format: 'onnx',
  open: (folder, { threads }) => openOnnx(join(folder, 'onnx', 'model.onnx'), threads),
};

export default onnxruntime;
