import type { Preparation } from '../images/decode.ts';
import type { Algebra } from '../resizing/algebra.ts';
import { axesOf, resampling } from '../resizing/lanczos.ts';
import type { ModelInput } from '../weights/model-folder.ts';
import { broadcastShape, integers, reshape } from './shapes.ts';
import type { Graph } from './graph.ts';
import type { Attributes, DataType, Shape, Value } from './types.ts';
import { float } from './types.ts';

const index = { type: 'int32' } as const;

/** The arithmetic of resizing in a TensorFlow graph. */
class Arithmetic implements Algebra<Value> {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  one(op: string, inputs: readonly Value[], [shape, type]: readonly [Shape, DataType], attributes: Attributes): Value {
    return this.#graph.node(op, { inputs, attributes, outputs: [[shape, type]] }).outputs[0] as Value;
  }

  toFloat(x: Value): Value {
    return this.one('Cast', [x], [x.shape, 'float'], { SrcT: { type: x.type }, DstT: float, Truncate: { bool: false } });
  }

  number(value: number): Value {
    return this.#graph.constant(value);
  }

  column(length: number): Value {
    return this.#graph.constant(
      Array.from({ length }, (_, place) => place),
      [length, 1],
    );
  }

  row(length: Value): Value {
    const places = this.one('Range', [this.number(0), length, this.number(1)], [[-1], 'float'], { Tidx: float });
    return reshape(this.#graph, places, [1, -1]);
  }

  compute(operation: Parameters<Algebra<Value>['compute']>[0], a: Value, b: Value): Value {
    const types = { add: 'AddV2', subtract: 'Sub', multiply: 'Mul', divide: 'RealDiv', smaller: 'Minimum', larger: 'Maximum' } as const;
    return this.#graph.operation(types[operation], [a, b], broadcastShape(a.shape, b.shape));
  }

  apply(operation: Parameters<Algebra<Value>['apply']>[0], x: Value): Value {
    return this.#graph.operation({ floor: 'Floor', absolute: 'Abs', sine: 'Sin' }[operation], [x], x.shape);
  }

  below(a: Value, b: Value): Value {
    return this.toFloat(this.one('Less', [a, b], [broadcastShape(a.shape, b.shape), 'bool'], { T: float }));
  }

  rowSums(table: Value): Value {
    const attributes = { T: float, Tidx: index, keep_dims: { bool: true } };
    return this.#graph.operation('Sum', [table, integers(this.#graph, [1])], [table.shape[0] as number, 1], attributes);
  }

  /** An extent of a value, as a number. */
  extent(value: Value, axis: number): Value {
    const shape = this.one('Shape', [value], [[value.shape.length], 'int32'], { T: { type: value.type }, out_type: index });
    const [place, along] = [this.#graph.constant(axis, [], 'int32'), this.#graph.constant(0, [], 'int32')];
    const attributes = { Tparams: index, Tindices: index, Taxis: index, batch_dims: { int: 0 } };
    return this.toFloat(this.one('GatherV2', [shape, place, along], [[], 'int32'], attributes));
  }

  /** The product of two tables, or of one with each plane of pictures; the second may be turned. */
  product(a: Value, b: Value, shape: Shape, turned = false): Value {
    return this.one('BatchMatMulV2', [a, b], [shape, 'float'], { T: float, adj_x: { bool: false }, adj_y: { bool: turned } });
  }

  transpose(x: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => x.shape[axis] as number);
    return this.#graph.operation('Transpose', [x, integers(this.#graph, order)], shape, { T: float, Tperm: index });
  }

  /** Whole values from 0 to 255. */
  bytes(x: Value): Value {
    const round = this.#graph.operation('Round', [x], x.shape);
    return this.compute('smaller', this.compute('larger', round, this.number(0)), this.number(255));
  }
}

/**
 * A network's normalised input of pictures (batch × height × width × channels bytes, of any size): resized, cropped and normalised as
 * `decodeImage` and `Normaliser` do it.
 */
export function inputOfPictures(graph: Graph, pixels: Value, input: ModelInput, preparation: Preparation): Value {
  const arithmetic = new Arithmetic(graph);
  const { size, channels } = input;
  const [height, width] = axesOf(arithmetic, preparation, [arithmetic.extent(pixels, 1), arithmetic.extent(pixels, 2)]);
  const shown = { from: Math.floor((preparation.size - size) / 2), size };
  const [rows, columns] = [resampling(arithmetic, height, shown), resampling(arithmetic, width, shown)];
  const planes = arithmetic.transpose(arithmetic.toFloat(pixels), [0, 3, 1, 2]);
  const narrow = arithmetic.bytes(arithmetic.product(rows.table, planes, [-1, channels, size, -1]));
  const picture = arithmetic.bytes(arithmetic.product(narrow, columns.table, [-1, channels, size, size], true));
  const outside = arithmetic.compute('subtract', arithmetic.number(1), arithmetic.product(rows.inside, columns.inside, [size, size], true));
  const background = arithmetic.compute('multiply', outside, arithmetic.number(preparation.background));
  const square = arithmetic.transpose(arithmetic.compute('add', picture, background), [0, 2, 3, 1]);
  const share = arithmetic.compute('divide', square, arithmetic.number(255));
  const centred = arithmetic.compute('subtract', share, graph.constant(input.mean, [channels]));
  return arithmetic.compute('divide', centred, graph.constant(input.std, [channels]));
}
