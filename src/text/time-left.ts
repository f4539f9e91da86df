/** Units in which time left is told: up to how many seconds, how many seconds one has, and by how many of them it is told. */
const UNITS = [
  { most: 30, seconds: 1, name: 's', step: 2 },
  { most: 100, seconds: 1, name: 's', step: 5 },
  { most: 30 * 60, seconds: 60, name: 'min', step: 1 },
  { most: 100 * 60, seconds: 60, name: 'min', step: 5 },
  { most: 10 * 3600, seconds: 3600, name: 'h', step: 0.5 },
  { most: Number.POSITIVE_INFINITY, seconds: 3600, name: 'h', step: 1 },
] as const;

/** Below so many seconds nobody waits long enough to read how many. */
const SOON = 5;

/** A range is told as one number where it is no wider than this share of it, or one step. */
const NARROW = 0.25;

/** A range of seconds as it is told: rounded outward. */
export function roundedRange({ low, high }: { readonly low: number; readonly high: number }): {
  readonly low: number;
  readonly high: number;
} {
  if (high <= SOON) return { low: 0, high: SOON };
  const { seconds, step } = unitOf(high);
  const size = seconds * step;
  return { low: Math.floor(low / size) * size, high: Math.ceil(high / size) * size };
}

function unitOf(high: number): (typeof UNITS)[number] {
  return UNITS.find(({ most }) => high <= most) ?? UNITS[5];
}

/** From and to so many seconds in words: `about 4 min`, `3 to 6 min`, `up to 90 s`. */
export function spanText(range: { readonly low: number; readonly high: number }): string {
  if (range.high <= SOON) return 'a few seconds';
  const { seconds, step, name } = unitOf(range.high);
  const rounded = roundedRange(range);
  const [low, high] = [rounded.low / seconds, rounded.high / seconds];
  const middle = (range.low + range.high) / 2 / seconds;
  if (high - low <= step || range.high - range.low <= NARROW * range.low)
    return `about ${Math.max(step, Math.round(middle / step) * step)} ${name}`;
  return low === 0 ? `up to ${high} ${name}` : `${low} to ${high} ${name}`;
}

/** How much time is left, from and to so many seconds: `3 to 6 min left`, `more than 3 min left`; undefined: nobody knows. */
export function timeLeftText(range: { readonly low: number; readonly high: number } | undefined): string {
  const { low, high } = range ?? { low: 0, high: Number.POSITIVE_INFINITY };
  if (high < Number.POSITIVE_INFINITY) return `${spanText({ low, high })} left`;
  const { seconds, step, name } = unitOf(low);
  const least = Math.floor(low / (seconds * step)) * step;
  return low <= SOON ? 'time left unknown' : `more than ${least} ${name} left`;
}
