/** The share of a standard normal distribution below a value; within 1e-7 (Abramowitz and Stegun 26.2.17). */
export function shareBelow(value: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(value));
  const terms = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp(-0.5 * value * value) / Math.sqrt(2 * Math.PI)) * terms;
  return value >= 0 ? 1 - above : above;
}

const LOW = 0.02425;
const A = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const C = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}

/** The value below which a share of a standard normal distribution lies, for shares between 0 and 1 (Acklam's approximation, 1e-9). */
export function valueAt(share: number): number {
  if (share > 0.5) return -valueAt(1 - share);
  if (share < LOW) {
    const q = Math.sqrt(-2 * Math.log(Math.max(share, 1e-12)));
    return polynomial(C, q) / polynomial(D, q);
  }
  const q = share - 0.5;
  return (q * polynomial(A, q * q)) / polynomial(B, q * q);
}
