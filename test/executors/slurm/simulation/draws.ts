import { createHash } from 'node:crypto';

/** A number between 0 and 1 that a seed and some words stand for: the same whatever else is drawn, and in which order. */
export function drawn(seed: number, ...words: readonly (string | number)[]): number {
  const bytes = createHash('sha256')
    .update([seed, ...words].join('\0'))
    .digest();
  return (bytes.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}

/** A log-normal distribution. */
export interface LogNormal {
  readonly median: number;
  /** The standard deviation of the logarithm. */
  readonly sigma: number;
}

/** A number of a log-normal distribution (Box and Muller, 1958). */
export function logNormal({ median, sigma }: LogNormal, seed: number, ...words: readonly (string | number)[]): number {
  const [radius, angle] = [drawn(seed, 'radius', ...words), drawn(seed, 'angle', ...words)];
  return median * Math.exp(sigma * Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle));
}
