import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { enableProdMode, ready, setBackend, tensor4d, version_core } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { readExported } from 'stillroom/nn';
import type { InferenceRuntime } from 'stillroom/nn';

export const about = 'TensorFlow.js by WebAssembly, from the format tfjs.';

/** What `model.json` of a graph model says, as far as it is read here. */
interface GraphModelFile {
  readonly modelTopology: object;
  readonly signature: object;
  readonly weightsManifest: readonly { readonly paths: readonly string[]; readonly weights: readonly object[] }[];
}

/** The graph model in a folder, as TensorFlow.js takes it. */
function readGraphModel(folder: string) {
  const { modelTopology, signature, weightsManifest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as GraphModelFile;
  const bytes = Buffer.concat(weightsManifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(folder, path)))));
  return {
    modelTopology,
    signature,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    weightData: Uint8Array.from(bytes).buffer,
  };
}

/** TensorFlow.js with WebAssembly, as a browser without a usable GPU runs it: one thread in Node, with SIMD where the processor has it. */
const tfjsWasm: InferenceRuntime = {
  version: version_core,
  precision: 'float32',
  mostThreads: 1,
  affinity: 'free',
  format: 'tfjs',
  async open(folder) {
    const { input, classes } = readExported(folder);
    // The backend brings a core of its own, which would say on the terminal that there is one already.
    enableProdMode();
    const { setThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
    setThreadsCount(1);
    await setBackend('wasm');
    await ready();
    const artifacts = readGraphModel(join(folder, 'tfjs'));
    const model = await loadGraphModel({ load: async () => artifacts as never });
    return {
      input,
      classes,
      layout: 'NHWC',
      async logits(images, count) {
        const fed = tensor4d(images, [count, input.size, input.size, input.channels]);
        const given = model.predict(fed) as Tensor;
        const logits = (await given.data()) as Float32Array;
        fed.dispose();
        given.dispose();
        return logits;
      },
      close: async () => model.dispose(),
    };
  },
};

export default tfjsWasm;
