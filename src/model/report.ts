import type { Json } from './json.ts';
import type { Plot } from './plot.ts';
import type { NodeState, RunSoftware, RunState } from './run.ts';

/** The command of a node, with what it used. */
export interface ToldCommand {
  /** A shell text; of a list of words, a word a line. */
  readonly run: string;
  /** What each tool's file or output was, by the digest that counted. */
  readonly tools: readonly { readonly name: string; readonly digest: string }[];
  /** The environment that it asked for, and what that held: the version of Python, and of each package. */
  readonly environment?: string;
  readonly python?: string;
  readonly packages?: Readonly<Record<string, string>>;
}

/** A node of a run as a report shows it. */
export interface ReportNode {
  readonly name: string;
  /** The node of which it is an instance. */
  readonly node: string;
  readonly stage: string;
  readonly state: NodeState;
  readonly cause: string;
  readonly seconds: number | null;
  /** Threads that it may use. */
  readonly cpu: number;
  /** Seconds from the start of the run to when it could begin, and to when it ended; of nodes that were executed. */
  readonly began?: number;
  readonly ended?: number;
  /** It is one of the chain of nodes, each waiting for the one before, that took longest. */
  readonly critical?: true;
  /** What is to be known before its numbers are believed. */
  readonly warning?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** Of a failed node, the last lines that it printed. */
  readonly log?: readonly string[];
  readonly command?: ToldCommand;
  /** The nodes it takes inputs from. */
  readonly after: readonly string[];
}

/** A metric's final value. */
export interface ReportMetric {
  /** `node.metric`, where the node may be an instance. */
  readonly name: string;
  /** `node.metric`, without the point of the matrix. */
  readonly of: string;
  readonly value: number;
  readonly measured: boolean;
  /** It was measured while other work ran. */
  readonly disturbed?: true;
  /** What it was measured under, where that is known: runtime, precision, threads. */
  readonly under?: string;
  readonly goal: 'maximize' | 'minimize' | null;
}

/** A metric over steps. */
export interface Curve {
  readonly node: string;
  readonly metric: string;
  readonly points: readonly (readonly [step: number, value: number])[];
  /** Its steps are no time that passes but values of this variable of a matrix: `fold_accuracy` over `fold`. */
  readonly over?: string;
}

/** How often each class was taken for each: a row for each true class. */
export interface Confusion {
  /** `node.port` where it was found. */
  readonly from: string;
  readonly classes: readonly string[];
  readonly counts: readonly (readonly number[])[];
  /** It is of a model from which another one of the run was made, of which there is a confusion or predictions too. */
  readonly earlier?: true;
}

/** One image with what it is and what it was taken for. */
export interface Sample {
  /** A PNG. */
  readonly image: Uint8Array;
  readonly name: string;
  readonly truth: string;
  readonly predicted: string;
  /** Of the predicted class. */
  readonly probability: number;
}

/** Some of the images that a node made predictions for. */
export interface Samples {
  readonly from: string;
  readonly items: readonly Sample[];
  /** As of a `Confusion`. */
  readonly earlier?: true;
}

/** An output, or a file in one, that can be shown. */
export type Drawn = {
  /** `node.port`, with the path of a file in a folder. */
  readonly from: string;
  /** The pipeline asks for it to be shown. */
  readonly isShown: boolean;
} & (
  | { readonly kind: 'picture'; readonly type: string; readonly bytes: Uint8Array }
  /** The first row is the header; `count` are the rows that there are below it, and `columns` all that there are. */
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[]; readonly count: number; readonly columns: number }
  | { readonly kind: 'markdown' | 'html'; readonly text: string }
);

/** A run as a report shows it. */
export interface ReportRun {
  readonly run: string;
  readonly hash: string | null;
  readonly tags: readonly string[];
  readonly pipeline: string;
  readonly state: RunState;
  readonly started: string;
  readonly seconds: number;
  readonly set: readonly string[];
  readonly params: Readonly<Record<string, Json>>;
  readonly metrics: readonly ReportMetric[];
  readonly nodes: readonly ReportNode[];
  readonly curves: readonly Curve[];
  readonly confusions: readonly Confusion[];
  readonly samples: readonly Samples[];
  /** What is drawn of tables and of specifications of plots among the outputs. */
  readonly plots: readonly Plot[];
  /** The `node.metric` and `node.port` that come first: what the pipeline asks for, else all of its last nodes. */
  readonly shown: readonly string[];
  readonly drawn: readonly Drawn[];
  /** Outputs that could be drawn but are not, each with why. */
  readonly undrawn: readonly string[];
  readonly software?: RunSoftware;
  /** What is known of where it was executed, by name. */
  readonly facts: Readonly<Record<string, string>>;
}

/** The params that are not the same in all runs; of a single run all. */
export function tellingParams(runs: readonly ReportRun[]): string[] {
  const names = [...new Set(runs.flatMap(({ params }) => Object.keys(params)))];
  if (runs.length < 2) return names;
  return names.filter((name) => new Set(runs.map(({ params }) => JSON.stringify(params[name]))).size > 1);
}

/** The same without those that only follow others: of params with equal values in every run the first. */
export function leadingParams(runs: readonly ReportRun[]): string[] {
  const seen = new Set<string>();
  return tellingParams(runs).filter((name) => {
    const values = JSON.stringify(runs.map(({ params }) => params[name] ?? null));
    const isNew = !seen.has(values);
    seen.add(values);
    return isNew;
  });
}

/** The names of all metrics, in the order of the nodes. */
export function metricNames(runs: readonly ReportRun[]): string[] {
  return [...new Set(runs.flatMap(({ metrics }) => metrics.map(({ name }) => name)))];
}
