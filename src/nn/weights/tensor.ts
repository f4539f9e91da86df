/** Numbers with a shape, in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Tensors by name: a network's weights under PyTorch's names and in its layouts. */
export type Weights = ReadonlyMap<string, Tensor>;

/** The number of elements of a tensor of this shape (1 for a scalar). */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The tensor of that name; throws an error that names it if there is none or its shape is another. */
export function tensorOf(weights: Weights, name: string, shape?: readonly number[]): Tensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new Error(`The weights hold no tensor "${name}".`);
  if (shape !== undefined && tensor.shape.join() !== shape.join()) {
    throw new Error(`The tensor "${name}" has the shape [${tensor.shape.join(', ')}], not [${shape.join(', ')}].`);
  }
  return tensor;
}
