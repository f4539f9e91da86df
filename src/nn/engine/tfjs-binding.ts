/** A tensor that TensorFlow holds. */
interface TensorMetadata {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/** What the native addon of `@tensorflow/tfjs-node-gpu` offers, by itself: without tfjs it starts faster and takes far less memory. */
export interface Binding {
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(model: number, inputs: readonly number[], inputNames: string, outputNames: string): readonly TensorMetadata[];
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_Version: string;
}
