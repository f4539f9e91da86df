/**
 * Milliseconds of a clock that goes on evenly, however the time of day is set, and that is the same for all processes of a machine. (Node loads what
 * `performance` needs when that is first used, which takes a short command more than a millisecond.)
 */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
