import type { Artifact } from './artifact.ts';
import type { JsonObject } from './json.ts';
import type { Instance, NodeWork } from './pipeline.ts';
import type { JoinedPlot } from './plot.ts';
import type { EnvironmentIngredient, MetricValue, PackageIngredient } from './result.ts';
import type { OfSweep } from './sweep-journal.ts';

/** How a run stands, or how it ended; `interrupted`: its process is gone, and did not say how it ended. No record is written so. */
export type RunState = 'live' | 'done' | 'failed' | 'cancelled' | 'interrupted';

/** How a node ended. `waiting` and `running` are seen only in a live run. */
export type NodeState = 'waiting' | 'running' | 'executed' | 'reused' | 'failed' | 'cancelled' | 'skipped';

/** All that doing a node's work again needs beside its params and its code bundle: no paths of this machine, no values of secret variables. */
export interface Recipe
  extends Pick<
    Instance,
    'node' | 'key' | 'inputs' | 'outputs' | 'metrics' | 'resources' | 'env' | 'measures' | 'timeout' | 'retries' | 'numbers'
  > {
  readonly work:
    | { readonly kind: 'stage'; readonly packages: Readonly<Record<string, PackageIngredient>>; readonly network?: true }
    | (Extract<NodeWork, { readonly kind: 'command' }> & {
        /** What each tool's file or output was. */
        readonly toolDigests: Readonly<Record<string, string>>;
        /** What its environment held. */
        readonly environmentHeld?: EnvironmentIngredient;
      });
}

/** A source as a run read it. */
export interface RecordedSource {
  readonly digest: string;
  /** Whether its bytes were put into the store. */
  readonly kept: boolean;
  readonly kind?: 'dir' | 'file';
  readonly size?: number;
  /** With its dot, or empty. */
  readonly suffix?: string;
  readonly executable?: true;
  /** Where it lay: relative to the project where it is below it. */
  readonly path?: string;
  /** What its links lead to was read in their place. */
  readonly links?: 'follow';
}

/**
 * The format that is written now: of records, and of the fingerprints and artifacts that they name. Records of a higher one are refused,
 * those of a lower one are run again and compared under it.
 */
export const RECORD_FORMAT = 2;

/** The format since which empty folders and the executable bit of files are kept, names are handed over sorted, and free values count as written. */
export const ATTRIBUTES_SINCE = 2;

/** Whether a text may be a run's id: results from elsewhere name theirs. */
export function isRunId(text: string): boolean {
  return /^[\w-]+$/.test(text);
}

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
  /** It measured while other work ran: whose, in words, as far as it is known. */
  readonly disturbed?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** The node's log, relative to the store. */
  readonly log?: string;
  readonly recipe?: Recipe;
}

/** What executed a run, beside the machine. */
export interface RunSoftware {
  /** The version of Stillroom. */
  readonly stillroom: string;
  /** The version of Node. */
  readonly node: string;
  /** The commit that was checked out where the project lies; what the run read of it is recorded by its content, committed or not. */
  readonly commit?: string;
  readonly branch?: string;
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
  readonly sources: Readonly<Record<string, RecordedSource>>;
  /** The trial that it is a run of; undefined where it was asked for by itself. Never hashed. */
  readonly sweep?: OfSweep;
  readonly nodes: Readonly<Record<string, RunNode>>;
  /** Recorded, never hashed. */
  readonly facts: JsonObject;
  /** The `node.metric` and `node.port` that the pipeline asks to be shown first. */
  readonly show?: readonly string[];
  /** What the pipeline draws of several outputs together. Never hashed. */
  readonly plots?: readonly JoinedPlot[];
  /** Recorded, never hashed. */
  readonly software?: RunSoftware;
}

/** When a run started, to the second, as its id says (ISO 8601, UTC); undefined where that is no id of ours. */
export function startOfRun(id: string): string | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-/.exec(id) ?? [];
  return year === undefined ? undefined : `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}

/** What differs from the nodes that a digest names; no node is a text. */
export interface ChangedNodes {
  readonly base: string;
  readonly changed: RunRecord['nodes'];
}

/** A run's nodes as they are kept: many by the digest of their JSON, which runs that came out alike share, or as what differs from such. */
export type KeptNodes = RunRecord['nodes'] | string | ChangedNodes;

/** The digest of the file that kept nodes are in, or that they differ from; undefined where there is none. */
export function fileOf(kept: KeptNodes | undefined): string | undefined {
  if (typeof kept === 'string') return kept;
  const { base } = (kept ?? {}) as Partial<ChangedNodes>;
  return typeof base === 'string' ? base : undefined;
}

/** Those of kept nodes that stand in the record itself. */
export function insideOf(kept: KeptNodes): RunRecord['nodes'] {
  if (typeof kept === 'string') return {};
  return fileOf(kept) === undefined ? (kept as RunRecord['nodes']) : (kept as ChangedNodes).changed;
}

/** A run's record as it is kept. */
export type KeptRecord = Omit<RunRecord, 'nodes'> & { readonly nodes: KeptNodes };

/** Seconds from one time to another, ISO 8601; never below 0, since the clock may have been set back in between. */
export function secondsBetween(started: string, ended: string): number {
  return Math.max(0, Date.parse(ended) - Date.parse(started)) / 1000;
}
