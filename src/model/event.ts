import type { Problem } from './problem.ts';
import type { RunNode, RunRecord } from './run.ts';

/** What a run tells its reporters, in the order it happens. */
export type Event =
  | { readonly type: 'run-started'; readonly run: string; readonly pipeline: string; readonly nodes: readonly PlannedNode[] }
  | { readonly type: 'node-started'; readonly node: string; readonly cause: string }
  | { readonly type: 'node-progress'; readonly node: string; readonly done: number; readonly total: number; readonly note?: string }
  | { readonly type: 'node-metric'; readonly node: string; readonly name: string; readonly value: number; readonly step?: number }
  | { readonly type: 'node-log'; readonly node: string; readonly line: string }
  | { readonly type: 'node-ended'; readonly node: string; readonly outcome: RunNode; readonly problem?: Problem }
  | { readonly type: 'notice'; readonly level: 'note' | 'warning'; readonly message: string; readonly node?: string }
  | { readonly type: 'run-ended'; readonly record: RunRecord };

/** What a plan says of a node. */
export type Action = 'run' | 'maybe' | 'reuse';

export interface PlannedNode {
  readonly node: string;
  readonly action: Action;
  /** One sentence that names why. */
  readonly cause: string;
  /** The nodes it takes inputs from. */
  readonly after: readonly string[];
}
