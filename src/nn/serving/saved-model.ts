import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { addon } from '../engine/addon.cjs';
import { encodeSavedModel } from '../graph/saved-model.ts';
import { dataTypes } from '../graph/types.ts';
import { SavedModelSchema } from '../protobuf/tensorflow_pb.ts';
import type { Model } from '../weights/model-folder.ts';
import { inferenceGraph } from './inference-graph.ts';
import type { ExportedClassifier } from './runtime.ts';

/**
 * Writes a SavedModel for serving: tagged `serve`, its weights constants of the graph, with the signature `serving_default` from
 * `input` (batch × size × size × channels, float32, normalised; the batch is free) to `logits` (batch × classes). The same model gives
 * the same bytes.
 */
export function writeSavedModel(folder: string, model: Model): void {
  const { graph, images, logits } = inferenceGraph(model);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(graph, { inputs: { input: images }, outputs: { logits } }));
}

/** Loads such a SavedModel into TensorFlow as any server would: by its tag and signature. Images are height × width × channels. */
export function openSavedModel(folder: string): Pick<ExportedClassifier, 'logits' | 'close' | 'layout'> {
  const saved = fromBinary(SavedModelSchema, readFileSync(join(folder, 'saved_model.pb')));
  const signature = saved.metaGraphs[0]?.signatureDef['serving_default'];
  const [input, logits] = [signature?.inputs['input'], signature?.outputs['logits']];
  if (input === undefined || logits === undefined) throw new Error('The SavedModel has no signature from input to logits.');
  const extents = input.tensorShape?.dim.slice(1).map(({ size }) => Number(size)) ?? [];
  const model = addon().loadSavedModel(`${folder}/`, 'serve');
  return {
    layout: 'NHWC',
    async logits(images, count) {
      const fed = addon().createTensor([count, ...extents], dataTypes.float, images);
      const [fetched] = addon().runSavedModel(model, [fed], input.name, logits.name);
      addon().deleteTensor(fed);
      if (fetched === undefined) throw new Error('The SavedModel gave no logits.');
      const values = addon().tensorDataSync(fetched.id) as Float32Array;
      addon().deleteTensor(fetched.id);
      return values;
    },
    close: async () => addon().deleteSavedModel(model),
  };
}
