import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { ExportedClassifier } from '../serving/runtime.ts';
import type { ModelInput } from '../weights/model-folder.ts';
import { ModelProtoSchema } from './generated/onnx_pb.ts';

/** The description in a file's metadata. Throws if a key is missing. */
function readDescription(bytes: Uint8Array): { input: ModelInput; classes: string[] } {
  const { metadataProps } = fromBinary(ModelProtoSchema, bytes);
  const text = (key: string): string => {
    const found = metadataProps.find((property) => property.key === key);
    if (found === undefined) throw new Error(`The ONNX file says nothing of its ${key}: it was not written by the stage export.`);
    return found.value;
  };
  const numbers = (key: string): number[] => JSON.parse(text(key)) as number[];
  const input = { size: Number(text('size')), channels: Number(text('channels')), mean: numbers('mean'), std: numbers('std') };
  return { input, classes: JSON.parse(text('classes')) as string[] };
}

/** The version of onnxruntime in use. */
export function onnxruntimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

/** Opens an ONNX file that the stage `export` wrote (its path or its bytes), on the CPU with that many threads. */
export async function openOnnx(file: string | Uint8Array, threads: number): Promise<ExportedClassifier> {
  const { input, classes } = readDescription(typeof file === 'string' ? readFileSync(file) : file);
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  };
  const session = await (typeof file === 'string' ? InferenceSession.create(file, options) : InferenceSession.create(file, options));
  const [inputName = '', outputName = ''] = [session.inputNames[0], session.outputNames[0]];
  return {
    input,
    classes,
    layout: 'NCHW',
    async logits(images, count) {
      const fed = new Tensor('float32', images, [count, input.channels, input.size, input.size]);
      const { [outputName]: fetched } = await session.run({ [inputName]: fed });
      return fetched?.data as Float32Array;
    },
    close: () => session.release(),
  };
}
