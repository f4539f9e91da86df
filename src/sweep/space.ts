import { canonicalJson } from '../model/canonical.ts';
import { meets } from '../model/condition.ts';
import type { Json } from '../model/json.ts';
import type { Dimension, Domain, VariantParams, Range, Space } from '../model/sweep.ts';
import type { Random } from './random.ts';

/** Whether a param applies, given those before it: what its `when` names must apply too. */
export function isActive({ when }: Dimension, params: VariantParams): boolean {
  return Object.entries(when).every(([name, condition]) => params[name] !== undefined && meets(params[name], condition));
}

/** Values of the other params beside which a param applies, as far as the space has such. */
export function meeting({ when }: Dimension, space: Space): VariantParams {
  const params: Record<string, Json> = {};
  for (const [name, condition] of Object.entries(when)) {
    const other = space.find((one) => one.name === name);
    if (other === undefined) continue;
    const { domain } = other;
    const value = (domain.kind === 'choice' ? domain.values : [domain.from, domain.to]).find((one) => meets(one, condition));
    if (value !== undefined) Object.assign(params, meeting(other, space), { [name]: value });
  }
  return params;
}

/** The scale on which a range's values are spread evenly: their logarithms, or they themselves. */
export function toScale({ log }: Range, value: number): number {
  return log ? Math.log(value) : value;
}

/** Digits that tell a million places of a range apart: more would only be hard to read. */
function digitsOf({ from, to }: Range): number {
  const fineness = from === to ? 0 : Math.ceil(Math.log10(Math.max(Math.abs(from), Math.abs(to)) / (to - from)));
  return Math.min(15, 6 + Math.max(0, fineness));
}

/** A value of a range from its place on the scale: rounded, and never beyond an end. */
export function fromScale(range: Range, place: number): number {
  const value = range.log ? Math.exp(place) : place;
  const rounded = range.kind === 'int' ? Math.round(value) : Number(value.toPrecision(digitsOf(range)));
  return Math.min(range.to, Math.max(range.from, rounded));
}

/** The ends of a range on its scale; each whole number has an interval of its own there, as wide as 1 before the logarithm. */
export function scaleEnds(range: Range): readonly [low: number, high: number] {
  const half = range.kind === 'int' ? 0.5 : 0;
  return [toScale(range, range.from - half), toScale(range, range.to + half)];
}

/** A value drawn evenly from a domain. */
function drawValue(domain: Domain, random: Random): Json {
  if (domain.kind === 'choice') return domain.values[random.integer(domain.values.length)] ?? null;
  const [low, high] = scaleEnds(domain);
  return fromScale(domain, low + random.uniform() * (high - low));
}

/** A point drawn evenly from a space. */
export function drawParams(space: Space, random: Random): VariantParams {
  const params: Record<string, Json> = {};
  for (const dimension of space) {
    const value = drawValue(dimension.domain, random);
    if (isActive(dimension, params)) params[dimension.name] = value;
  }
  return params;
}

/** The values that a domain is walked in: all choices, all whole numbers, or the steps of a range. Undefined: a range without steps. */
export function valuesOf(domain: Domain): readonly Json[] | undefined {
  if (domain.kind === 'choice') return domain.values;
  const { kind, from, to, steps } = domain;
  if (steps === undefined)
    return kind === 'int' && !domain.log ? Array.from({ length: to - from + 1 }, (_, index) => from + index) : undefined;
  if (steps === 1) return [from];
  const low = toScale(domain, from);
  const high = toScale(domain, to);
  const places = Array.from({ length: steps }, (_, index) => low + ((high - low) * index) / (steps - 1));
  return [...new Set(places.map((place) => fromScale(domain, place)))];
}

/** Points without those that stand before them. */
export function uniqueParams(points: Iterable<VariantParams>): VariantParams[] {
  const seen = new Map<string, VariantParams>();
  for (const point of points) {
    const text = canonicalJson(point);
    if (!seen.has(text)) seen.set(text, point);
  }
  return [...seen.values()];
}
