import type { Random } from '../../random.ts';

/**
 * Draws from Beta(alpha, alpha), as A / (A + B) of two draws from Gamma(alpha). The quotient is taken of their logarithms, so that alphas
 * near 0, whose draws are too small for a float64, give numbers too.
 * @throws RangeError unless alpha is above 0
 */
export function symmetricBeta(alpha: number, random: Random): number {
  if (!(alpha > 0)) throw new RangeError(`A beta distribution needs an alpha above 0, not ${alpha}.`);
  const first = logarithmOfGamma(alpha, random);
  return 1 / (1 + Math.exp(logarithmOfGamma(alpha, random) - first));
}

/**
 * The logarithm of a draw from Gamma(shape, 1), by the rejection method of Marsaglia and Tsang (2000); for shapes below 1 by theirs from
 * shape + 1, times a uniform number to the power 1 / shape.
 */
function logarithmOfGamma(shape: number, random: Random): number {
  if (shape < 1) return logarithmOfGamma(shape + 1, random) + Math.log(1 - random.uniform()) / shape;
  const scale = shape - 1 / 3;
  for (;;) {
    const normal = standardNormal(random);
    const cube = (1 + normal / Math.sqrt(9 * scale)) ** 3;
    if (cube <= 0) continue;
    const bound = normal ** 2 / 2 + scale * (1 - cube + Math.log(cube));
    if (Math.log(1 - random.uniform()) < bound) return Math.log(scale * cube);
  }
}

/** A draw from the standard normal distribution (Box and Muller, 1958). */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}
