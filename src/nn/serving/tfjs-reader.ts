import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSession } from '../engine/session.ts';
import { Graph } from '../graph/graph.ts';
import type { Attribute, Value } from '../graph/types.ts';
import type { ExportedClassifier } from './runtime.ts';

interface JsonShape {
  readonly dim: readonly { readonly size: string }[];
}

/** The attributes of a node as `writeTfjs` writes them. */
type JsonAttribute =
  | { readonly type: string }
  | { readonly i: string }
  | { readonly list: { readonly i: readonly string[] } }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly s: string }
  | { readonly shape: JsonShape }
  | { readonly tensor: object };

interface JsonNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, JsonAttribute>>;
}

interface JsonTensor {
  readonly name: string;
  readonly tensorShape: JsonShape;
}

/** What such a file says, as far as it is read here. */
interface GraphModel {
  readonly modelTopology: { readonly node: readonly JsonNode[] };
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: 'float32' | 'int32' }[];
  }[];
  readonly signature: { readonly inputs: { readonly input: JsonTensor }; readonly outputs: { readonly logits: JsonTensor } };
}

type Constant = Extract<Attribute, { readonly tensor: unknown }>;

const shapeOf = ({ dim }: JsonShape): number[] => dim.map(({ size }) => Number(size));

/** The constants that the files of weights hold, by name. */
function readConstants(folder: string, { weightsManifest }: GraphModel): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  for (const { paths, weights } of weightsManifest) {
    const bytes = Buffer.concat(paths.map((path) => readFileSync(join(folder, path))));
    let start = 0;
    for (const { name, shape, dtype } of weights) {
      const length = 4 * shape.reduce((product, extent) => product * extent, 1);
      const type = dtype === 'int32' ? 'int32' : 'float';
      constants.set(name, { tensor: { type, shape, bytes: bytes.subarray(start, start + length) } });
      start += length;
    }
    if (start !== bytes.length) throw new Error(`The files of weights hold ${bytes.length} bytes, but model.json names ${start}.`);
  }
  return constants;
}

function attributeOf(node: JsonNode, attribute: JsonAttribute, constants: ReadonlyMap<string, Constant>): Attribute {
  if ('type' in attribute) return { type: attribute.type === 'DT_INT32' ? 'int32' : 'float' };
  if ('i' in attribute) return { int: Number(attribute.i) };
  if ('list' in attribute) return { ints: attribute.list.i.map(Number) };
  if ('f' in attribute) return { float: attribute.f };
  if ('b' in attribute) return { bool: attribute.b };
  if ('s' in attribute) return { text: Buffer.from(attribute.s, 'base64').toString() };
  if ('shape' in attribute) return { shape: shapeOf(attribute.shape) };
  const constant = constants.get(node.name);
  if (constant === undefined) throw new Error(`The files of weights do not hold ${node.name}.`);
  return constant;
}

/**
 * Runs a TensorFlow.js model that the stage `export` wrote by TensorFlow: the graph and the weights are those of its files, so what they
 * say is what is computed. Throws if they contradict each other.
 */
export function openTfjsByTensorFlow(folder: string): Pick<ExportedClassifier, 'logits' | 'close' | 'layout'> {
  const model = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as GraphModel;
  const constants = readConstants(folder, model);
  const graph = new Graph();
  for (const node of model.modelTopology.node) {
    const attributes = Object.entries(node.attr).map(([key, attribute]) => [key, attributeOf(node, attribute, constants)] as const);
    graph.nodes.push({ name: node.name, op: node.op, inputs: node.input, attributes: Object.fromEntries(attributes) });
  }
  const named = ({ name, tensorShape }: JsonTensor): Value => {
    return { node: name.replace(/:0$/, ''), output: 0, shape: shapeOf(tensorShape), type: 'float' };
  };
  const session = openSession(graph);
  const compute = session.function([named(model.signature.inputs.input)], [named(model.signature.outputs.logits)]);
  return {
    layout: 'NHWC',
    logits: async (images) => compute([images])[0] as Float32Array,
    close: async () => session.close(),
  };
}
