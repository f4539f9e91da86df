import { canonicalJson } from '../model/canonical.ts';
import type { Problem } from '../model/problem.ts';
import type { Settled } from './inputs.ts';

/** How often a node's outputs are made again in one run: more often means that the disk, or what writes to it, is at fault. */
const MOST = 2;

/** What bytes have to be for those who took them: of what was measured, whatever they are. */
function bytesOf({ instance, attempt }: Settled): string {
  const counted = Object.entries(attempt.outputs).filter(([port]) => instance.outputs[port]?.measured !== true);
  return canonicalJson(counted.map(([port, { digest, executable }]) => [port, digest, executable === true]));
}

/** The nodes of a run that are made again, since their outputs were lost after they had come out. */
export class Remakes {
  private readonly counts = new Map<string, number>();
  private readonly before = new Map<string, Settled>();

  /** Notes that a node is made again; a problem where that was done too often. */
  note(settled: Settled): Problem | undefined {
    const { name } = settled.instance;
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    this.before.set(name, this.before.get(name) ?? settled);
    return count <= MOST ? undefined : damaged(name, 'are damaged again and again', 'test the disk, then run again');
  }

  /** Whether a node came out otherwise than before it was lost. */
  isOtherwise(settled: Settled): boolean {
    const before = this.before.get(settled.instance.name);
    return before !== undefined && bytesOf(before) !== bytesOf(settled);
  }
}

/** Why what a node made cannot be used. */
export function damaged(node: string, what: string, hint: string): Problem {
  return { kind: 'store', code: 'input-damaged', message: `the outputs of ${node} ${what}`, hint };
}

/** A node that gave other bytes when it was made again, which those do not fit that others have read. */
export function madeOtherwise(node: string, readers: readonly string[]): Problem {
  const what = `were damaged and came out otherwise when they were made again: ${readers.join(', ')} had read them as they were`;
  return damaged(node, what, 'run again: what depends on it is then made from what it is now');
}
