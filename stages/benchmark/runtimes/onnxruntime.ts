import { onnxruntimeVersion, openOnnx } from 'stillroom/nn';
import type { InferenceRuntime } from 'stillroom/nn';

/** ONNX Runtime. */
const onnxruntime: InferenceRuntime = { version: onnxruntimeVersion(), precision: 'float32', open: openOnnx };

export default onnxruntime;
