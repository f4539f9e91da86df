/**
 * The largest difference between two lists of equal length, relative to the largest number of the first, or to `least` where that is larger.
 * 0 if nothing differs; not a number where either list holds none.
 */
export function relativeDifference(expected: Float32Array, actual: Float32Array, least = 0): number {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), least);
  const difference = expected.reduce((largest, value, place) => Math.max(largest, Math.abs(value - (actual[place] as number))), 0);
  return difference === 0 ? 0 : difference / scale;
}
