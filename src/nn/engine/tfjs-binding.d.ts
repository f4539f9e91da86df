/** The native addon of @tensorflow/tfjs-node-gpu, loaded by itself: without tfjs it starts faster and takes far less memory. */
declare module '@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node' {
  interface TensorMetadata {
    readonly id: number;
    readonly shape: readonly number[];
    readonly dtype: number;
  }

  interface Binding {
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

  const binding: Binding;
  export default binding;
}
