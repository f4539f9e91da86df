import type { NodeState, RunRecord } from '../model/run.ts';

/** What a run took. */
export interface RunCost {
  /** The time of what it executed. */
  readonly executedSeconds: number;
  /** The time that reuse spared it. */
  readonly sparedSeconds: number;
  /** Of its outputs, those of equal content once. */
  readonly bytes: number;
}

/** What a run took: the time of what it executed, what reuse spared it, and the bytes of its outputs. */
export function costOf({ nodes }: RunRecord): RunCost {
  const all = Object.values(nodes);
  const seconds = (state: NodeState): number =>
    all.filter((node) => node.state === state).reduce((sum, node) => sum + (node.seconds ?? 0), 0);
  const sizes = new Map(all.flatMap(({ outputs }) => Object.values(outputs ?? {}).map(({ digest, size }) => [digest, size] as const)));
  return {
    executedSeconds: seconds('executed'),
    sparedSeconds: seconds('reused'),
    bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
  };
}
