import type { RunNode } from '../model/run.ts';
import { duration, figure } from '../text/figures.ts';

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
