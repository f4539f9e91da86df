import type { RunNode } from '../model/run.ts';

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

/** How a node ended, in one line. */
export function ending(node: string, outcome: RunNode, problem?: string): string {
  const metrics = Object.entries(outcome.metrics ?? {})
    .slice(0, 3)
    .map(([name, { value }]) => `${name} ${figure(value)}`);
  const told = metrics.length === 0 ? '' : `  ${metrics.join('  ')}`;
  if (outcome.state === 'executed') return `${node}  ${duration(outcome.seconds ?? 0)}${told}`;
  if (outcome.state === 'reused') return `${node}  reused${told}`;
  if (outcome.state === 'failed') return `${node}  failed: ${problem ?? outcome.error?.message ?? ''}`;
  return `${node}  ${outcome.state}: ${outcome.cause}`;
}
