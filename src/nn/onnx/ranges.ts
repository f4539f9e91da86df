/** The numbers from which to which a value is told apart in int8; what lies beyond takes the nearest of these. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** How the range of a value is chosen from what calibration images give. */
export type RangeMethod = 'min-max' | 'percentile' | 'mse';

const BINS = 2048;

/** How often a value's numbers fall into each of many bins of equal width between the least and the largest. */
export class Histogram {
  readonly counts = new Float64Array(BINS);
  readonly whole: Range;

  constructor(whole: Range) {
    this.whole = whole;
  }

  add(numbers: Float32Array): void {
    const { low, high } = this.whole;
    const factor = high > low ? BINS / (high - low) : 0;
    const { counts } = this;
    for (let place = 0; place < numbers.length; place++) {
      const bin = Math.min(BINS - 1, Math.floor(((numbers[place] as number) - low) * factor));
      counts[bin] = (counts[bin] as number) + 1;
    }
  }

  /** The middle of a bin. */
  middle(bin: number): number {
    const { low, high } = this.whole;
    return low + ((bin + 0.5) * (high - low)) / BINS;
  }
}

/**
 * The range that leaves out the share of numbers above `percentile` (of 100), half of it at each end; where all are of one sign, all of it
 * at the end away from 0.
 */
export function percentileRange(histogram: Histogram, percentile: number): Range {
  const { counts, whole } = histogram;
  const outside = (1 - percentile / 100) * counts.reduce((sum, count) => sum + count, 0);
  const ends = (whole.low < 0 ? 1 : 0) + (whole.high > 0 ? 1 : 0);
  const width = (whole.high - whole.low) / BINS;
  const cut = (from: number, step: 1 | -1): number => {
    let [left, bin] = [outside / Math.max(ends, 1), from];
    while (bin >= 0 && bin < BINS && (counts[bin] as number) <= left) {
      left -= counts[bin] as number;
      bin += step;
    }
    return Math.abs(bin - from) * width;
  };
  return {
    low: whole.low < 0 ? whole.low + cut(0, 1) : whole.low,
    high: whole.high > 0 ? whole.high - cut(BINS - 1, -1) : whole.high,
  };
}

/**
 * The range whose numbers rounded to 256 steps differ least from what they were, by the mean of squares: the end that is farther from 0 is
 * drawn in first, then the other.
 */
export function leastSquaresRange(histogram: Histogram): Range {
  const { low, high } = histogram.whole;
  const ends = Math.abs(low) > Math.abs(high) ? (['low', 'high'] as const) : (['high', 'low'] as const);
  let best = { range: histogram.whole, error: squaredError(histogram, histogram.whole) };
  for (const end of ends) {
    for (let part = 99; part >= 5; part--) {
      const range = { ...best.range, [end]: (histogram.whole[end] * part) / 100 };
      const error = squaredError(histogram, range);
      if (error < best.error) best = { range, error };
    }
  }
  return best.range;
}

function squaredError(histogram: Histogram, { low, high }: Range): number {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const rounding = ((to - from) / 255) ** 2 / 12;
  return histogram.counts.reduce((sum, count, bin) => {
    const value = histogram.middle(bin);
    const beyond = value - Math.min(Math.max(value, from), to);
    return sum + count * (beyond === 0 ? rounding : beyond ** 2);
  }, 0);
}
