import type { Json } from '../../../model/json.ts';
import { canonicalJson } from '../../../model/canonical.ts';
import type { Dimension, VariantParams, Range } from '../../../model/sweep.ts';
import type { Random } from '../../random.ts';
import { fromScale, scaleEnds, toScale } from '../../space.ts';
import { logDensity, logMass } from './normal.ts';

/** How wide kernels are and how much they weigh; the defaults of Optuna 5's TPESampler. */
const PRIOR_WEIGHT = 1;
/** Trials that weigh fully; those before them weigh less the older they are. */
const FULLY_WEIGHED = 25;
/** A kernel is at least as wide as the range divided by this, or by the kernels plus 1. */
const NARROWEST = 100;

/** One param's kernels, one for each observation and the prior last. */
interface Kernels {
  draw(kernel: number, random: Random): Json;
  logLikelihoods(value: Json): readonly number[];
}

function choiceKernels(values: readonly Json[], observed: readonly Json[]): Kernels {
  const texts = values.map((value) => canonicalJson(value));
  const share = PRIOR_WEIGHT / (observed.length + 1);
  const rows = observed.map((value) => {
    const at = texts.indexOf(canonicalJson(value));
    const weights = values.map((_, index) => share + (index === at ? 1 : 0));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  });
  rows.push(values.map(() => 1 / values.length));
  return {
    draw(kernel, random) {
      let left = random.uniform();
      const row = rows[kernel] ?? [];
      const at = row.findIndex((weight) => {
        left -= weight;
        return left < 0;
      });
      return values[at === -1 ? values.length - 1 : at] ?? null;
    },
    logLikelihoods(value) {
      const at = texts.indexOf(canonicalJson(value));
      return rows.map((row) => Math.log(row[at] ?? 0));
    },
  };
}

/** Each kernel reaches to the farther of its neighbours (the outermost to their only one), within bounds. */
function widths(means: readonly number[], low: number, high: number): number[] {
  const order = means.map((_, index) => index).sort((a, b) => (means[a] ?? 0) - (means[b] ?? 0));
  const sorted = [low, ...order.map((index) => means[index] ?? 0), high];
  const found = means.map(() => 0);
  for (const [rank, index] of order.entries()) {
    const [before = low, here = low, after = high] = sorted.slice(rank, rank + 3);
    const isOnly = order.length === 1;
    const left = rank === 0 && !isOnly ? 0 : here - before;
    const right = rank === order.length - 1 && !isOnly ? 0 : after - here;
    const least = (high - low) / Math.min(NARROWEST, means.length + 2);
    found[index] = Math.min(high - low, Math.max(least, left, right));
  }
  return found;
}

function rangeKernels(range: Range, observed: readonly number[]): Kernels {
  const [low, high] = scaleEnds(range);
  const means = observed.map((value) => toScale(range, value));
  const deviations = [...widths(means, low, high), high - low];
  means.push((low + high) / 2);
  return {
    draw(kernel, random) {
      const mean = means[kernel] ?? low;
      for (;;) {
        const place = mean + (deviations[kernel] ?? 0) * random.normal();
        // A kernel stands within the ends and is no wider than they are apart, so at least a third of the draws fall between them.
        if (place >= low && place <= high) return fromScale(range, place);
      }
    },
    logLikelihoods(value) {
      const number = Number(value);
      if (range.kind === 'float')
        return means.map((mean, kernel) => logDensity(toScale(range, number), mean, deviations[kernel] ?? 1, low, high));
      const [left, right] = [toScale(range, number - 0.5), toScale(range, number + 0.5)];
      return means.map((mean, kernel) => {
        const deviation = deviations[kernel] ?? 1;
        const inside = logMass((left - mean) / deviation, (right - mean) / deviation);
        return inside - logMass((low - mean) / deviation, (high - mean) / deviation);
      });
    },
  };
}

/** Weights of observations, the oldest first: those before the newest 25 fall off linearly. */
function weightsOf(count: number): number[] {
  const older = Math.max(0, count - FULLY_WEIGHED);
  return Array.from({ length: count }, (_, index) => {
    if (index >= older || count < FULLY_WEIGHED) return 1;
    return older === 1 ? 1 / count : 1 / count + ((1 - 1 / count) * index) / (older - 1);
  });
}

/** A density over points of several params at once: a mixture of products of kernels, one product for each observed point (multivariate). */
export class ParzenEstimator {
  private readonly dimensions: readonly Dimension[];
  private readonly kernels: readonly Kernels[];
  private readonly weights: readonly number[];

  /** `observed` stands in the order of the trials and has a value for each dimension. */
  constructor(dimensions: readonly Dimension[], observed: readonly VariantParams[]) {
    this.dimensions = dimensions;
    this.kernels = dimensions.map(({ name, domain }) => {
      const values = observed.map((params) => params[name] ?? null);
      return domain.kind === 'choice' ? choiceKernels(domain.values, values) : rangeKernels(domain, values.map(Number));
    });
    const weights = observed.length === 0 ? [1] : [...weightsOf(observed.length), PRIOR_WEIGHT];
    const sum = weights.reduce((a, b) => a + b, 0);
    this.weights = weights.map((weight) => weight / sum);
  }

  draw(random: Random): VariantParams {
    let left = random.uniform();
    const found = this.weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    const kernel = found === -1 ? this.weights.length - 1 : found;
    return Object.fromEntries(this.dimensions.map(({ name }, index) => [name, this.kernels[index]?.draw(kernel, random) ?? null]));
  }

  logLikelihood(params: VariantParams): number {
    const sums = this.weights.map((weight) => Math.log(weight));
    for (const [index, { name }] of this.dimensions.entries()) {
      const ofKernels = this.kernels[index]?.logLikelihoods(params[name] ?? null) ?? [];
      for (const [kernel, value] of ofKernels.entries()) sums[kernel] = (sums[kernel] ?? 0) + value;
    }
    const largest = Math.max(...sums);
    return largest + Math.log(sums.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  }
}
