import type { Artifact } from './artifact.ts';
import type { JsonObject } from './json.ts';
import type { MetricValue } from './result.ts';

export type RunState = 'live' | 'done' | 'failed' | 'cancelled';

/** How a node ended. `waiting` and `running` are seen only in a live run. */
export type NodeState = 'waiting' | 'running' | 'executed' | 'reused' | 'failed' | 'cancelled' | 'skipped';

/** A node in a run's record. */
export interface RunNode {
  readonly state: NodeState;
  readonly stage: string;
  /** Why it ran, was reused or was skipped. */
  readonly cause: string;
  readonly params: JsonObject;
  readonly fingerprint?: string;
  /** Digest of the code bundle, or of the command. */
  readonly code?: string;
  /** Content digests by port. */
  readonly inputs?: JsonObject;
  readonly outputs?: Readonly<Record<string, Artifact & { readonly measured: boolean }>>;
  readonly metrics?: Readonly<Record<string, MetricValue>>;
  readonly seconds?: number;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** The node's log, relative to the store. */
  readonly log?: string;
}

/** One execution of a pipeline, written from its start. */
export interface RunRecord {
  readonly format: number;
  readonly id: string;
  readonly state: RunState;
  /** Of a done run: what was asked and what came out (see `runHash`). */
  readonly hash?: string;
  readonly pipeline: string;
  /** Relative to the project where it lies below it. */
  readonly file: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly ended?: string;
  readonly params: JsonObject;
  /** The `--set` options as given. */
  readonly set: readonly string[];
  readonly sources: Readonly<Record<string, { readonly digest: string; readonly kept: boolean }>>;
  readonly nodes: Readonly<Record<string, RunNode>>;
  /** Recorded, never hashed. */
  readonly facts: JsonObject;
}
