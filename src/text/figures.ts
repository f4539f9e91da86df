/** Seconds as a person reads them. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A number with as many digits as matter. */
export function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

/** A value with all its digits: text as it is, nothing where there is none, lists and mappings as JSON. */
export function written(value: unknown): string {
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** A value as a person reads it: as `written`, but of numbers only the digits that matter. */
export function shown(value: unknown): string {
  return typeof value === 'number' ? figure(value) : written(value);
}
