import type { Preparation } from '../images/decode.ts';
import type { Algebra } from '../resizing/algebra.ts';
import { axesOf, resampling } from '../resizing/lanczos.ts';
import type { ModelInput } from '../weights/model-folder.ts';
import type { NodeProto, TensorProto } from './generated/onnx_pb.ts';
import { integers, node, tensor } from './nodes.ts';
import type { OnnxAttributes } from './nodes.ts';

/** ONNX's number of the type float32. */
const FLOAT = 1;

/** Nodes and constants that are added one after another; a value is a name. */
class Nodes implements Algebra<string> {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];

  add(type: string, inputs: readonly string[], attributes: OnnxAttributes = {}, output = `pictures.${this.nodes.length}`): string {
    this.nodes.push(node(type, output, inputs, output, attributes));
    return output;
  }

  floats(shape: readonly number[], values: readonly number[]): string {
    const name = `pictures.constant.${this.initializers.length}`;
    this.initializers.push(tensor(name, { shape, data: Float32Array.from(values) }));
    return name;
  }

  whole(values: readonly number[]): string {
    const name = `pictures.constant.${this.initializers.length}`;
    this.initializers.push(integers(name, values));
    return name;
  }

  number(value: number): string {
    return this.floats([], [value]);
  }

  column(length: number): string {
    const places = Array.from({ length }, (_, place) => place);
    return this.floats([length, 1], places);
  }

  row(length: string): string {
    return this.add('Reshape', [this.add('Range', [this.number(0), length, this.number(1)]), this.whole([1, -1])]);
  }

  compute(operation: Parameters<Algebra<string>['compute']>[0], a: string, b: string): string {
    const types = { add: 'Add', subtract: 'Sub', multiply: 'Mul', divide: 'Div', smaller: 'Min', larger: 'Max' } as const;
    return this.add(types[operation], [a, b]);
  }

  apply(operation: Parameters<Algebra<string>['apply']>[0], x: string): string {
    return this.add({ floor: 'Floor', absolute: 'Abs', sine: 'Sin' }[operation], [x]);
  }

  below(a: string, b: string): string {
    return this.add('Cast', [this.add('Less', [a, b])], { to: FLOAT });
  }

  rowSums(table: string): string {
    return this.add('ReduceSum', [table, this.whole([1])], { keepdims: 1 });
  }

  /** An extent of a value, as a number. */
  extent(value: string, axis: number): string {
    const one = this.add('Gather', [this.add('Shape', [value]), this.whole([axis])], { axis: 0 });
    return this.add('Reshape', [this.add('Cast', [one], { to: FLOAT }), this.whole([])]);
  }

  /** Whole values from 0 to 255. */
  bytes(value: string): string {
    return this.add('Clip', [this.add('Round', [value]), this.number(0), this.number(255)]);
  }
}

/** How pictures become a network's input. */
export interface PictureInput {
  readonly input: ModelInput;
  readonly preparation: Preparation;
}

/** What makes the input of a network of pictures. */
interface PictureNodes {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

/**
 * The nodes from `pixels` (batch × height × width × channels bytes, of any size) to a network's normalised input: resized, cropped and
 * normalised as `decodeImage` and `Normaliser` do it.
 */
export function pictureNodes(pixels: string, output: string, { input, preparation }: PictureInput): PictureNodes {
  const graph = new Nodes();
  const [height, width] = axesOf(graph, preparation, [graph.extent(pixels, 1), graph.extent(pixels, 2)]);
  const shown = { from: Math.floor((preparation.size - input.size) / 2), size: input.size };
  const [rows, columns] = [resampling(graph, height, shown), resampling(graph, width, shown)];
  const planes = graph.add('Transpose', [graph.add('Cast', [pixels], { to: FLOAT })], { perm: [0, 3, 1, 2] });
  const turned = (table: string): string => graph.add('Transpose', [table], { perm: [1, 0] });
  const narrow = graph.bytes(graph.add('MatMul', [rows.table, planes]));
  const picture = graph.bytes(graph.add('MatMul', [narrow, turned(columns.table)]));
  const outside = graph.compute('subtract', graph.number(1), graph.add('MatMul', [rows.inside, turned(columns.inside)]));
  const square = graph.compute('add', picture, graph.compute('multiply', outside, graph.number(preparation.background)));
  const perChannel = (values: readonly number[]): string => graph.floats([1, values.length, 1, 1], values);
  const centred = graph.compute('subtract', graph.compute('divide', square, graph.number(255)), perChannel(input.mean));
  graph.add('Div', [centred, perChannel(input.std)], {}, output);
  const read = new Set(graph.nodes.flatMap((one) => one.input));
  return { nodes: graph.nodes, initializers: graph.initializers.filter(({ name }) => read.has(name)) };
}
