import type { NodeProto } from './generated/onnx_pb.ts';
import { hasWeights } from './graph-parts.ts';
import type { GraphParts } from './graph-parts.ts';

/**
 * Whose way of computing in int8 a file is written for. OpenVINO computes a convolution and the function behind it together, so only what
 * comes of both is rounded; ONNX Runtime computes a convolution in int8 only if its own numbers are rounded too, unless a ReLU follows.
 */
export type QuantisationTarget = 'openvino' | 'onnxruntime';

/** What may stay in float32: the first convolution, the last layer with weights, depthwise ones, and those of pooled features. */
export type KeptInFloat = 'first' | 'last' | 'depthwise' | 'squeeze-excite';

/** What is computed in int8. */
export interface QuantisedPlaces {
  /** The names of nodes that read quantised weights. */
  readonly weighted: ReadonlySet<string>;
  /** The values that are rounded, each with the value of whose range it is: its own name, or what its node only moves numbers of. */
  readonly values: ReadonlyMap<string, string>;
}

/** Nodes that hand on numbers as they are, so that their result has the scale of what they read. */
const moving = new Set(['MaxPool', 'Slice', 'Gather', 'Flatten']);

/** Nodes that runtimes compute in int8 where what they read is. */
const passing = new Set([...moving, 'Concat', 'AveragePool', 'GlobalAveragePool']);

/** Plans what of a graph is computed in int8. Cosine heads and whatever has no int8 form stay in float32. */
export class PlaceFinder {
  readonly #nodes: readonly NodeProto[];
  readonly #producers: ReadonlyMap<string, NodeProto>;
  readonly #readers = new Map<string, NodeProto[]>();
  readonly #outputs: ReadonlySet<string>;

  constructor({ nodes }: GraphParts, outputs: readonly string[]) {
    this.#nodes = nodes;
    this.#producers = new Map(nodes.map((node) => [outputOf(node), node]));
    for (const node of nodes) for (const input of node.input) this.#readers.set(input, [...this.#readersOf(input), node]);
    this.#outputs = new Set(outputs);
  }

  /** Finds the places for a target, where some kinds of layers stay in float32. */
  find(target: QuantisationTarget, kept: ReadonlySet<KeptInFloat>): QuantisedPlaces {
    const weighted = this.#weighted(kept);
    const computed = [...weighted, ...this.#nodes.filter((node) => this.#isSum(node))];
    const needed = new Set(computed.flatMap((node) => dataOf(node)));
    if (target === 'onnxruntime') for (const node of computed) needed.add(this.#rounded(node));
    for (const value of needed) {
      const producer = this.#producers.get(value);
      if (producer !== undefined && passing.has(producer.opType)) for (const input of dataOf(producer)) needed.add(input);
    }
    for (const output of this.#outputs) needed.delete(output);
    const values = [...needed].map((value) => [value, this.#origin(value)] as const);
    return { weighted: new Set(weighted.map(({ name }) => name)), values: new Map(values) };
  }

  #weighted(kept: ReadonlySet<KeptInFloat>): NodeProto[] {
    const all = this.#nodes.filter(hasWeights);
    const first = all.find(({ opType }) => opType === 'Conv');
    const last = all.at(-1);
    return all.filter((node) => {
      if (this.#producers.get(node.input[0] ?? '')?.opType === 'LpNormalization') return false;
      if ((kept.has('first') && node === first) || (kept.has('last') && node === last)) return false;
      if (kept.has('depthwise') && groupsOf(node) > 1) return false;
      return !(kept.has('squeeze-excite') && node.opType === 'Conv' && this.#isPooled(node));
    });
  }

  /** Whether a convolution computes with the means of features. */
  #isPooled(node: NodeProto): boolean {
    const producer = this.#producers.get(node.input[0] ?? '');
    if (producer === undefined) return false;
    return producer.opType === 'GlobalAveragePool' || (dataOf(producer).length === 1 && this.#isPooled(producer));
  }

  /** Whether a node adds features or scales them by a gate; the product of swish is none. */
  #isSum(node: NodeProto): boolean {
    return node.opType === 'Add' || (node.opType === 'Mul' && !this.#isSwish(node));
  }

  #isSwish({ input: [value, gate] }: NodeProto): boolean {
    const producer = this.#producers.get(gate ?? '');
    return producer?.opType === 'Sigmoid' && producer.input[0] === value;
  }

  /** The value that ONNX Runtime has to find rounded to compute a node in int8. */
  #rounded(node: NodeProto): string {
    const output = outputOf(node);
    const [reader, ...others] = this.#readersOf(output);
    const isOnly = reader !== undefined && others.length === 0;
    return isOnly && (reader.opType === 'Relu' || reader.opType === 'Clip') ? outputOf(reader) : output;
  }

  #origin(value: string): string {
    const producer = this.#producers.get(value);
    return producer !== undefined && moving.has(producer.opType) ? this.#origin(producer.input[0] as string) : value;
  }

  #readersOf(value: string): readonly NodeProto[] {
    return this.#readers.get(value) ?? [];
  }
}

/** The value that a node computes. */
function outputOf({ output }: NodeProto): string {
  return output[0] as string;
}

/** The values among a node's inputs that are features, not weights or places. */
function dataOf({ opType, input }: NodeProto): readonly string[] {
  return opType === 'Add' || opType === 'Mul' || opType === 'Concat' ? input : input.slice(0, 1);
}

function groupsOf({ attribute }: NodeProto): number {
  return Number(attribute.find(({ name }) => name === 'group')?.i ?? 1n);
}
