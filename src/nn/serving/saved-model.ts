import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { addon } from '../engine/addon.cjs';
import { encodeSavedModel } from '../graph/saved-model.ts';
import type { Signature } from '../graph/saved-model.ts';
import { dataTypes } from '../graph/types.ts';
import { SavedModelSchema } from '../protobuf/tensorflow_pb.ts';
import type { Model } from '../weights/model-folder.ts';
import type { Preparation } from '../images/decode.ts';
import type { PictureClassifier } from './classifier.ts';
import { addPictures, inferenceGraph } from './inference-graph.ts';
import type { ExportedClassifier } from './runtime.ts';

/**
 * Writes a SavedModel for serving: tagged `serve`, its weights constants of the graph, with the signature `serving_default` from
 * `input` (batch × size × size × channels, float32, normalised; the batch is free) to `logits` (batch × classes). The same model gives
 * the same bytes.
 */
export function writeSavedModel(folder: string, model: Model, pictures?: Preparation): void {
  const built = inferenceGraph(model);
  const { graph, images, logits } = built;
  const signatures: Record<string, Signature> = { serving_default: { inputs: { input: images }, outputs: { logits } } };
  if (pictures !== undefined) {
    const { pixels, probabilities } = addPictures(built, model, pictures);
    signatures['pictures'] = { inputs: { pixels }, outputs: { probabilities } };
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(graph, signatures));
}

/** A signature of a SavedModel: the one name on each side, with its tensor's name and the extents after the batch. */
function signatureOf(folder: string, name: string): { readonly input: string; readonly output: string; readonly extents: number[] } {
  const saved = fromBinary(SavedModelSchema, readFileSync(join(folder, 'saved_model.pb')));
  const signature = saved.metaGraphs[0]?.signatureDef[name];
  const [input] = Object.values(signature?.inputs ?? {});
  const [output] = Object.values(signature?.outputs ?? {});
  if (input === undefined || output === undefined) throw new Error(`The SavedModel has no signature ${name}.`);
  return { input: input.name, output: output.name, extents: input.tensorShape?.dim.slice(1).map(({ size }) => Number(size)) ?? [] };
}

/** Loads such a SavedModel into TensorFlow as any server would: by its tag and signature. Images are height × width × channels. */
export function openSavedModel(folder: string): Pick<ExportedClassifier, 'logits' | 'close' | 'layout'> {
  const { input, output, extents } = signatureOf(folder, 'serving_default');
  const model = addon().loadSavedModel(`${folder}/`, 'serve');
  return {
    layout: 'NHWC',
    logits: async (images, count) => runBy(model, { input, output }, addon().createTensor([count, ...extents], dataTypes.float, images)),
    close: async () => addon().deleteSavedModel(model),
  };
}

/** Loads what takes pictures in such a SavedModel. */
export function openSavedModelOfPictures(folder: string): PictureClassifier {
  const { input, output } = signatureOf(folder, 'pictures');
  const model = addon().loadSavedModel(`${folder}/`, 'serve');
  return {
    async probabilities({ data, height, width, channels }) {
      return runBy(model, { input, output }, addon().createTensor([1, height, width, channels], dataTypes.uint8, data));
    },
    close: async () => addon().deleteSavedModel(model),
  };
}

/** Runs a loaded model on a tensor, which is freed. */
function runBy(model: number, { input, output }: { readonly input: string; readonly output: string }, fed: number): Float32Array {
  const [fetched] = addon().runSavedModel(model, [fed], input, output);
  addon().deleteTensor(fed);
  if (fetched === undefined) throw new Error('The SavedModel gave nothing.');
  const values = addon().tensorDataSync(fetched.id) as Float32Array;
  addon().deleteTensor(fetched.id);
  return values;
}
