import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attribute, DataType, Node, Shape, Value } from '../graph/types.ts';
import { reference } from '../graph/types.ts';
import type { Model } from '../weights/model-folder.ts';
import { inferenceGraph } from './inference-graph.ts';
import { ungroup } from './ungroup.ts';

/** The size of a file of weights: browsers keep files up to this in their cache. */
const SHARD = 4 * 2 ** 20;

/** The names of types in TensorFlow's JSON, and those in a manifest of weights. */
const typeNames: Partial<Record<DataType, readonly [json: string, manifest: string]>> = {
  float: ['DT_FLOAT', 'float32'],
  int32: ['DT_INT32', 'int32'],
};

function namesOf(type: DataType): readonly [json: string, manifest: string] {
  const names = typeNames[type];
  if (names === undefined) throw new Error(`TensorFlow.js has no name for the type ${type}.`);
  return names;
}

const shapeOf = (shape: Shape): object => ({ dim: shape.map((size) => ({ size: String(size) })) });

/** An attribute as protobuf writes it in JSON: 64-bit numbers as texts, bytes in base64. The numbers of a tensor are in the manifest. */
function attributeOf(node: Node, attribute: Attribute): object {
  if ('type' in attribute) return { type: namesOf(attribute.type)[0] };
  if ('int' in attribute) return { i: String(attribute.int) };
  if ('ints' in attribute) return { list: { i: attribute.ints.map(String) } };
  if ('float' in attribute) return { f: attribute.float };
  if ('bool' in attribute) return { b: attribute.bool };
  if ('text' in attribute) return { s: Buffer.from(attribute.text).toString('base64') };
  if ('shape' in attribute) return { shape: shapeOf(attribute.shape) };
  if ('tensor' in attribute) return { tensor: { dtype: namesOf(attribute.tensor.type)[0], tensorShape: shapeOf(attribute.tensor.shape) } };
  throw new Error(`TensorFlow.js cannot read the operation ${node.op} (${node.name}): it calls a function.`);
}

function nodeOf(node: Node): object {
  const attr = Object.fromEntries(Object.entries(node.attributes).map(([key, attribute]) => [key, attributeOf(node, attribute)]));
  return { name: node.name, op: node.op, input: node.inputs, attr };
}

/** The constants of a graph as a manifest lists them, and their bytes one after another. */
function weightsOf(nodes: readonly Node[]): { entries: object[]; bytes: Uint8Array } {
  const entries: object[] = [];
  const parts: Uint8Array[] = [];
  for (const { op, name, attributes } of nodes) {
    const { value } = attributes;
    if (op !== 'Const' || value === undefined || !('tensor' in value)) continue;
    entries.push({ name, shape: value.tensor.shape, dtype: namesOf(value.tensor.type)[1] });
    parts.push(value.tensor.bytes);
  }
  return { entries, bytes: Buffer.concat(parts) };
}

/** Writes bytes as files of at most `SHARD`; returns their names. */
function writeShards(folder: string, bytes: Uint8Array): string[] {
  const count = Math.max(1, Math.ceil(bytes.length / SHARD));
  return Array.from({ length: count }, (_, shard) => {
    const name = `group1-shard${shard + 1}of${count}.bin`;
    writeFileSync(join(folder, name), bytes.subarray(shard * SHARD, (shard + 1) * SHARD));
    return name;
  });
}

const signatureOf = (value: Value): object => ({
  name: `${reference(value)}:0`,
  dtype: namesOf(value.type)[0],
  tensorShape: shapeOf(value.shape),
});

/**
 * Writes a TensorFlow.js graph model, for `tf.loadGraphModel`: `model.json` and files of weights, from `input` (batch × size × size ×
 * channels, float32, normalised; the batch is free) to `logits` (batch × classes). What `metadata` says is found again at
 * `userDefinedMetadata`. Convolutions in groups, which TensorFlow.js lacks, are written as one for each group. The same model gives the
 * same bytes.
 */
export function writeTfjs(folder: string, model: Model, metadata: Readonly<Record<string, unknown>> = {}): void {
  const { graph, images, logits } = inferenceGraph({ ...model, ...ungroup(model) });
  const { entries, bytes } = weightsOf(graph.nodes);
  mkdirSync(folder, { recursive: true });
  const description = {
    format: 'graph-model',
    generatedBy: 'stillroom',
    convertedBy: null,
    signature: { inputs: { input: signatureOf(images) }, outputs: { logits: signatureOf(logits) } },
    userDefinedMetadata: metadata,
    modelTopology: { node: graph.nodes.map(nodeOf), library: {}, versions: { producer: 1882 } },
    weightsManifest: [{ paths: writeShards(folder, bytes), weights: entries }],
  };
  writeFileSync(join(folder, 'model.json'), `${JSON.stringify(description)}\n`);
}
