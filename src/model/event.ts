import { monotonic } from './clock.ts';
import type { Capacity } from './executor.ts';
import type { NodeResources } from './job.ts';
import type { JsonObject } from './json.ts';
import type { Problem } from './problem.ts';
import type { Waiting } from './waiting.ts';
import type { RecordedSource, RunNode, RunRecord, RunState } from './run.ts';

/** What can happen in a run, without its time: what those who take part in a run tell. */
export type Happening =
  | {
      readonly type: 'run-started';
      readonly run: string;
      readonly pipeline: string;
      readonly nodes: readonly PlannedNode[];
      /** What may be used at once of each executor that nodes may run on, by its name. */
      readonly capacities?: Capacities;
      /** The one that runs nodes which name none. */
      readonly executor?: string;
      /** The run's record as it stands before anything has run: nodes that the plan reuses have come out in it. */
      readonly record: Omit<RunRecord, 'started'>;
    }
  /** These have come out as the plan said: the run's opening record has how. No `node-ended` follows, unless they have to be made again. */
  | { readonly type: 'nodes-reused'; readonly nodes: readonly string[] }
  | { readonly type: 'sources-kept'; readonly sources: Readonly<Record<string, RecordedSource>> }
  | {
      readonly type: 'node-started';
      readonly node: string;
      readonly cause: string;
      /** Content digests by port. */
      readonly inputs: JsonObject;
    }
  /** A node that could begin has waited for a moment, or waits for others now. */
  | ({ readonly type: 'node-waiting'; readonly node: string } & Waiting)
  /** So many nodes could begin, but must wait for a moment already until others of the run have ended. */
  | { readonly type: 'nodes-waiting'; readonly count: number; readonly message: string }
  | { readonly type: 'node-progress'; readonly node: string; readonly done: number; readonly total: number; readonly note?: string }
  | { readonly type: 'node-metric'; readonly node: string; readonly name: string; readonly value: number; readonly step?: number }
  /** What a node printed; `isOpen`: what its last line shows now, which it writes anew, as progress bars do. */
  | { readonly type: 'node-log'; readonly node: string; readonly line: string; readonly isOpen?: true }
  | { readonly type: 'node-ended'; readonly node: string; readonly outcome: RunNode; readonly problem?: Problem }
  | { readonly type: 'notice'; readonly level: 'note' | 'warning'; readonly message: string; readonly node?: string }
  | { readonly type: 'run-ended'; readonly run: string; readonly state: RunState; readonly hash?: string };

/** What happened in a run, and when (ISO 8601, UTC). Everyone who watches is told the same events in the same order. */
export type Event = { readonly time: string } & Happening;

/** Tells what happens to everyone who watches. */
export type Emit = (happening: Happening) => void;

/** Who watches a run. */
export interface Watcher {
  report(event: Event): void;
}

/** What a plan does with a node. */
export type Action = 'run' | 'maybe' | 'reuse';

/** What may be used at once of executors, by their names. */
export type Capacities = Readonly<Record<string, Capacity>>;

/** What a node takes of its executor while it runs. */
export interface Taken extends NodeResources {
  readonly executor: string;
  /** It measures, so nothing else runs meanwhile. */
  readonly alone: boolean;
}

/** Why a node is reused. */
export const UNCHANGED = 'nothing that counts has changed';

/** What a plan says of a node, and why. */
export interface PlannedNode {
  readonly node: string;
  readonly action: Action;
  /** One sentence that names why. */
  readonly cause: string;
  /** The nodes it takes inputs from. */
  readonly after: readonly string[];
  /** What executing it took before; missing where nothing is known of it, or nobody asked. */
  readonly expected?: Expected;
  /** Of a node that may run. */
  readonly takes?: Taken;
  /** The remote that has its result, which is not here yet; only where a plan asked. */
  readonly remote?: string;
}

/** What executing a node took before, in the newest runs that say: of equal params where there are such. */
export interface Expected {
  /** The median. */
  readonly seconds: number;
  readonly least: number;
  readonly most: number;
  /** How many executions that is known of. */
  readonly known: number;
  /** What each of them took, the newest first. */
  readonly took: readonly number[];
  /** What was executed: the same code with the same params, the node as it was then, or other instances of it. */
  readonly of: 'same' | 'former' | 'siblings';
  /** The bytes of its outputs. */
  readonly bytes: number;
}

/** A clock that starts at the time of day and then goes on evenly, however that is set: what follows is later, and no duration is below zero. */
export function steadyClock(now: () => number = Date.now, elapsed: () => number = monotonic): () => Date {
  const [start, from] = [now(), elapsed()];
  return () => new Date(start + elapsed() - from);
}

/** Stamps what happens with its time, unless it has one, and tells it to each watcher in turn: the one way from a run, or a sweep, to all who watch it. */
export function broadcast<Told extends object = Happening>(
  watchers: readonly { report(event: { readonly time: string } & Told): void }[],
  clock: () => Date = steadyClock(),
): (happening: Told) => void {
  return (happening) => {
    const event = { time: clock().toISOString(), ...happening };
    for (const watcher of watchers) watcher.report(event);
  };
}
