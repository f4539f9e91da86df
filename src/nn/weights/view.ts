import { WeightsError } from './bytes.ts';
import type { NumberType } from './numbers.ts';
import { toFloats } from './numbers.ts';
import type { Tensor, Weights } from './tensor.ts';
import { elements } from './tensor.ts';

/** Numbers of one type that tensors are views of; a file keeps them under a key. */
export class Storage {
  readonly key: string;
  readonly type: NumberType;
  readonly count: number;

  constructor(key: string, type: NumberType, count: number) {
    this.key = key;
    this.type = type;
    this.count = count;
  }
}

/** A tensor as PyTorch keeps it: element (i, j, …) stands at offset + i · strides[0] + j · strides[1] + … of the storage. */
export class View {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** Gives the bytes of a storage, exactly as many as its numbers take. */
export type ReadStorage = (storage: Storage) => Buffer;

const MOST_DIMENSIONS = 16;
/** Tensors that share numbers may together have this many times as many as the file has bytes, not more. */
const MOST_SHARING = 4;

/**
 * Makes tensors of views, row by row, in the views' order. Each storage is read once, and only one is held at a time. Throws a
 * `WeightsError` if a view reaches beyond its storage, has more elements than it, or all of them together are absurdly large.
 */
export function layOutViews(views: ReadonlyMap<string, View>, fileSize: number, readStorage: ReadStorage): Weights {
  const byStorage = new Map<Storage, [string, View][]>();
  let total = 0;
  for (const [name, view] of views) {
    checkView(name, view);
    total += elements(view.shape);
    const own = byStorage.get(view.storage);
    if (own === undefined) byStorage.set(view.storage, [[name, view]]);
    else own.push([name, view]);
  }
  if (total > MOST_SHARING * fileSize) throw new WeightsError(`its tensors have ${total} elements, but the file only ${fileSize} bytes.`);
  const tensors = new Map<string, Tensor>();
  for (const [storage, own] of byStorage) {
    const floats = toFloats(storage.type, readStorage(storage));
    for (const [name, view] of own) tensors.set(name, { shape: view.shape, data: layOut(floats, view, own.length === 1) });
  }
  return new Map([...views.keys()].map((name) => [name, tensors.get(name) as Tensor]));
}

function checkView(name: string, { storage, offset, shape, strides }: View): void {
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const count = elements(shape);
  const last = shape.reduce((place, extent, axis) => place + (extent - 1) * (strides[axis] ?? 0), offset);
  const sane = [offset, ...shape, ...strides].every(isCount) && shape.length === strides.length && shape.length <= MOST_DIMENSIONS;
  if (!sane || count > storage.count || (count > 0 && last >= storage.count) || offset > storage.count) {
    throw new WeightsError(
      `the tensor "${name}" of shape [${shape.join(', ')}] does not lie within the ${storage.count} numbers of its storage.`,
    );
  }
}

function layOut(floats: Float32Array, { offset, shape, strides }: View, alone: boolean): Float32Array {
  const count = elements(shape);
  if (isContiguous(shape, strides)) return alone && count === floats.length ? floats : floats.slice(offset, offset + count);
  const target = new Float32Array(count);
  const index = shape.map(() => 0);
  let place = offset;
  for (let position = 0; position < count; position++) {
    target[position] = floats[place] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [extent, stride] = [shape[axis] as number, strides[axis] as number];
      index[axis] = (index[axis] as number) + 1;
      place += stride;
      if ((index[axis] as number) < extent) break;
      place -= stride * extent;
      index[axis] = 0;
    }
  }
  return target;
}

/** Whether elements stand row by row without gaps; the stride of an axis of extent 1 does not matter. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  return shape.every((extent, axis) => extent === 1 || strides[axis] === elements(shape.slice(axis + 1)));
}
