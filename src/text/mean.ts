/** The sum of numbers, rounded once, whatever their order (Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic"). */
function exactSum(values: Iterable<number>): number {
  // Numbers that do not overlap, the smallest first: together they are the sum without any rounding.
  let parts: number[] = [];
  for (const value of values) {
    const next: number[] = [];
    let sum = value;
    for (const part of parts) {
      const [large, small] = Math.abs(sum) < Math.abs(part) ? [part, sum] : [sum, part];
      const both = large + small;
      const lost = small - (both - large);
      if (lost !== 0) next.push(lost);
      sum = both;
    }
    parts = [...next, sum];
  }
  return parts.reduce((sum, part) => sum + part, 0);
}

/** The least and the largest of some numbers. */
function endsOf(values: readonly number[]): readonly [low: number, high: number] {
  // Spread arguments would overflow the stack for very many.
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  return [low, values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)];
}

/** The mean rounded by `tidy`, but never beyond the values: so that of equal values is their value. */
function middleOf(values: readonly number[], tidy: (middle: number) => number): number {
  const [low, high] = endsOf(values);
  return Math.min(high, Math.max(low, tidy(exactSum(values) / values.length)));
}

/**
 * The arithmetic mean, without the last digits that only tell how it was rounded. It is the same in any order and never beyond the values, so
 * that of equal values is their value. NaN for none.
 */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : middleOf(values, (middle) => Number(middle.toPrecision(15)));
}

/** The sum of the squares of the distances from the mean, which is not rounded for it: 0 for equal values. */
export function squaresAroundMean(values: readonly number[]): number {
  const middle = middleOf(values, (exact) => exact);
  return exactSum(values.map((value) => (value - middle) ** 2));
}

/** The standard deviation of what values were drawn from (n - 1); exactly 0 for equal values, undefined for fewer than two. */
export function deviation(values: readonly number[]): number | undefined {
  return values.length < 2 ? undefined : Math.sqrt(squaresAroundMean(values) / (values.length - 1));
}
