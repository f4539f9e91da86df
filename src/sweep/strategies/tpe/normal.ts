/**
 * The complementary error function, to about 1e-7 of its value on both sides (W. J. Cody's rational form as in Numerical Recipes, 2nd
 * edition, chapter 6.2).
 */
function erfc(x: number): number {
  const t = 1 / (1 + 0.5 * Math.abs(x));
  const terms = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277,
  ];
  const polynomial = terms.reduceRight((sum, term) => sum * t + term, 0);
  const tail = t * Math.exp(-x * x + polynomial);
  return x >= 0 ? tail : 2 - tail;
}

/** The logarithm of a standard normal's mass between two places; both are taken to the left side, where small masses keep their digits. */
export function logMass(low: number, high: number): number {
  const [a, b] = low > 0 ? [-high, -low] : [low, high];
  const mass = 0.5 * (erfc(-b / Math.SQRT2) - erfc(-a / Math.SQRT2));
  return Math.log(Math.max(mass, 1e-300));
}

/** The logarithm of a normal's density, cut off at two ends and brought back to mass 1. */
export function logDensity(x: number, mean: number, deviation: number, low: number, high: number): number {
  const z = (x - mean) / deviation;
  return -0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - Math.log(deviation) - logMass((low - mean) / deviation, (high - mean) / deviation);
}
