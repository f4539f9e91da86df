/** A range of values with the marks on its axis, ascending. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly marks: readonly { readonly value: number; readonly label: string }[];
}

/** The smallest of 1, 2, 5, 10, 20 … (times any power of ten) that is not below a number. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((own) => own * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** A mark's text with as many decimals as its axis's step has, or as a power of ten where those would be many. */
function labelOf(value: number, step: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (decimals <= 4 && Math.abs(value) < 1e5) return value.toFixed(decimals);
  return value.toExponential(Math.max(0, Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(step) + 1e-9)));
}

/** An axis with round marks, about `count` of them, that reaches from the mark below the values to the one above. */
export function valueAxis(values: readonly number[], count: number): Axis {
  // Spread arguments would overflow the stack for long curves.
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const width = high - low || Math.abs(low) / 2 || 1;
  const step = roundStep(width / count);
  const last = low === high && low <= 0 ? Math.floor(high / step) + 1 : Math.ceil(high / step - 1e-9);
  const first = Math.min(last - 1, Math.floor(low / step + 1e-9));
  const marks = Array.from({ length: last - first + 1 }, (_, index) => {
    const value = (first + index) * step;
    return { value, label: labelOf(value, step) };
  });
  return { from: first * step, to: last * step, marks };
}

/** An axis of the whole numbers from 1 to `last`, with at most `count` marks and a margin of half a number where there is only one. */
export function countAxis(last: number, count: number): Axis {
  const step = Math.max(1, roundStep((last - 1) / (count - 1) || 1));
  const inner = Array.from({ length: Math.floor(last / step) }, (_, index) => (index + 1) * step);
  const marks = [1, ...inner.filter((value) => value > 1 && value - 1 >= step / 2)].map((value) => ({ value, label: String(value) }));
  return last === 1 ? { from: 0.5, to: 1.5, marks } : { from: 1, to: last, marks };
}
