import type { Tensor } from './tensor.ts';

/** The rows of a matrix made that long; a row of zeros stays one. */
export function rowsOfLength({ shape, data }: Tensor, length: number): Float32Array {
  const columns = shape[1] as number;
  const factors = Array.from({ length: shape[0] as number }, (_, row) => {
    return length / Math.max(1e-12, Math.hypot(...data.subarray(row * columns, (row + 1) * columns)));
  });
  return data.map((entry, place) => entry * (factors[Math.floor(place / columns)] as number));
}
