import type { Value } from './types.ts';
import { sameShape } from './types.ts';

/**
 * What is known about values that a gate multiplies (squeeze-and-excite), so that an operation may take apart what the tape of gradients
 * adds up: a gate holds one number for each image and channel.
 */

/** A gradient that is `slope · gate + added`; the latter two are gates in shape. */
export interface GatedSlope {
  readonly slope: Value;
  readonly gate: Value;
  readonly added?: Value;
}

const slopes = new WeakMap<Value, GatedSlope>();
const gateGradients = new WeakMap<Value, (dy: Value) => Value>();

/** Whether a value is a gate in shape for another. */
export function isGate(gate: Value, { shape }: Value): boolean {
  return shape.length === 4 && sameShape(gate.shape, [shape[0] as number, 1, 1, shape[3] as number]);
}

/** Notes that a gradient is the product of a slope and a gate. */
export function noteGated(product: Value, slope: Value, gate: Value): void {
  slopes.set(product, { slope, gate });
}

/** Notes what a sum of gradients is, where one of two is gated and the other is the same for all places of an image. */
export function noteSum(sum: Value, parts: readonly Value[]): void {
  const [gated, added] = parts as [Value, Value];
  const known = slopes.get(gated);
  if (parts.length === 2 && known !== undefined && isGate(added, sum)) slopes.set(sum, { ...known, added });
}

/** What a gradient is made of, if a gate is in it. */
export function gatedSlope(dy: Value): GatedSlope | undefined {
  return slopes.get(dy);
}

/** Notes how the gradient of what multiplies a value is had without the value. */
export function noteGateGradient(value: Value, gradient: (dy: Value) => Value): void {
  gateGradients.set(value, gradient);
}

/** The gradient of a gate that multiplies a value, where that is known. */
export function gateGradient(value: Value, gate: Value, dy: Value): Value | undefined {
  return isGate(gate, value) ? gateGradients.get(value)?.(dy) : undefined;
}
