/**
 * Milliseconds of a clock that goes on evenly, however the time of day is set. (Node loads what `performance` needs when that is first used, which
 * takes a short command more than a millisecond.)
 */
export function monotonic(): number {
  return process.uptime() * 1000;
}
