import type { Difference } from '../../engine/differences.ts';
import type { Input } from '../../model/pipeline.ts';

/** What is known of why one node runs, or ran. */
export interface Reason {
  readonly node: string;
  /** What a plan says of it, or how it ended. */
  readonly action: string;
  /** One sentence. */
  readonly cause: string;
  /** What is otherwise than when it last came out in a run that was asked the same. */
  readonly changes: readonly Difference[];
  /** The nodes whose results are otherwise, or not known yet, and so make it run. */
  readonly upstream: readonly string[];
  /** The run that it is compared with. */
  readonly past: string | undefined;
}

/** The port that a difference is about; undefined where it is about no input. */
export function portOf({ what }: Difference): string | undefined {
  return /^(?:(?:suffix|mode|order|matrix points) of )?input ([\w-]+)/.exec(what)?.[1];
}

/** The nodes from which the ports take that a difference is about. */
export function producersBehind(changes: readonly Difference[], inputs: readonly Input[]): readonly string[] {
  const ports = new Set(changes.map(portOf));
  const origins = inputs.filter(({ port }) => ports.has(port)).flatMap(({ elements }) => elements.map(({ origin }) => origin));
  return [...new Set(origins.flatMap((origin) => (origin.kind === 'output' ? [origin.instance] : [])))];
}

/** The differences that no node upstream accounts for: those that are about no input, or about one whose content comes from outside. */
export function ownChanges({ changes, upstream }: Pick<Reason, 'changes' | 'upstream'>, inputs: readonly Input[]): readonly Difference[] {
  const derived = new Set(
    inputs
      .filter(({ elements }) => elements.some(({ origin }) => origin.kind === 'output' && upstream.includes(origin.instance)))
      .map(({ port }) => port),
  );
  return changes.filter((change) => !derived.has(portOf(change) ?? ''));
}
