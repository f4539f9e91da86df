import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { PictureClassifier } from '../serving/classifier.ts';
import { readDescription } from '../serving/description.ts';
import type { ExportedClassifier } from '../serving/runtime.ts';
import { ModelProtoSchema } from './generated/onnx_pb.ts';

/** The metadata of an ONNX file. Throws if it is none. */
export function onnxMetadata(file: string | Uint8Array): Readonly<Record<string, string>> {
  const { metadataProps } = fromBinary(ModelProtoSchema, typeof file === 'string' ? readFileSync(file) : file);
  return Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
}

/** The version of onnxruntime in use. */
export function onnxruntimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

/** Opens an ONNX file that the stage `export` wrote (its path or its bytes), on the CPU with that many threads. */
export async function openOnnx(file: string | Uint8Array, threads: number): Promise<ExportedClassifier> {
  const { input, classes } = readDescription(onnxMetadata(file));
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

/** Opens an ONNX file that takes pictures. */
export async function openOnnxOfPictures(file: string, threads: number): Promise<PictureClassifier> {
  const session = await InferenceSession.create(file, { executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1 });
  return {
    async probabilities({ data, height, width, channels }) {
      const { probabilities } = await session.run({ pixels: new Tensor('uint8', data, [1, height, width, channels]) });
      return probabilities?.data as Float32Array;
    },
    close: () => session.release(),
  };
}
