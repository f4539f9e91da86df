import type { Emit, Expected } from '../model/event.ts';
import type { Problem } from '../model/problem.ts';
import type { Attempt, Ingredients } from '../model/result.ts';
import type { RunNode } from '../model/run.ts';
import type { ReadyWork } from './fingerprint.ts';
import type { Known, Settled } from './inputs.ts';
import type { NodeEnd } from './node.ts';
import type { NodePlan } from './plan.ts';
import type { Slots } from './slots.ts';

/** A node that may run: its inputs are known and change no more. */
export interface ReadyNode extends ReadyWork {
  readonly plan: NodePlan;
  readonly isForced: boolean;
  readonly known: Known;
  /** Aborted: what has not begun need not begin any more, since the run is stopped or a node has failed. */
  readonly unwanted: AbortSignal;
  /** Whether others may wait for this one: nothing else could begin now, or what reads it would begin before all that could. */
  readonly isAwaited: () => boolean;
  /** To be called when the node really starts: no result of it has come meanwhile. */
  readonly onStart: () => void;
}

/** What a scheduler asks of what is around it; it writes nothing itself. */
export interface Scheduling {
  /** Runs of one process that share slots also share their work and their failures. */
  readonly slots: Slots;
  /** Goes on with what does not depend on a failed node. */
  readonly keepGoing: boolean;
  /** Aborted: nothing new starts. What runs is stopped by whoever executes it. */
  readonly stop: AbortSignal;
  readonly emit: Emit;
  /** The current attempt of a fingerprint, if it is whole. */
  readonly find: (fingerprint: string) => Attempt | undefined;
  /** Executes a node, unless its result has come meanwhile, and keeps what it made. `onFree`: nothing of it lives any more, so others may have its slots. */
  readonly execute: (ready: ReadyNode, onFree: () => void) => Promise<NodeEnd>;
  /** Told whenever nothing else could begin: what came out is waited for. */
  readonly hurry?: () => void;
  /** Why a node runs whose inputs were not known when it was planned. */
  readonly explain: (plan: NodePlan, inputs: Ingredients['inputs'], known: Known) => string;
  /** What nodes took before: those begin first from which the longest way leads to the end. */
  readonly expected?: ReadonlyMap<string, Expected> | undefined;
  /** The nodes as the run's opening record has them: those to be reused with what came out of them. */
  readonly opening: ReadonlyMap<string, RunNode>;
  /** Nodes beside the plan that are reused. */
  readonly beside?: readonly string[] | undefined;
  /** Where a node's log lies, as a record names it; nothing where it printed nothing. */
  readonly logOf: (node: string) => Pick<RunNode, 'log'>;
  /** Asked when all nodes have come out: those whose outputs turn out to be lost, which are then made again. */
  readonly lost?: (settled: ReadonlyMap<string, Settled>) => Promise<readonly string[]> | readonly string[];
}

/** How all nodes of a plan ended. */
export interface ScheduleEnd {
  readonly problems: readonly Problem[];
  /** By name. */
  readonly outcomes: ReadonlyMap<string, RunNode>;
  /** The nodes that came out, by name. */
  readonly settled: ReadonlyMap<string, Settled>;
}
