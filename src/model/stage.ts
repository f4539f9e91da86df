import type { MessagePort } from 'node:worker_threads';
import type { Json } from './json.ts';
import type { Param, ParamValues } from './params.ts';

/** What a port holds. `file.onnx` is a file that keeps that suffix wherever it is seen. */
export type Kind = 'dir' | 'file' | `file.${string}`;

/** What an input port takes: one artifact or all instances of a node (`[]`), which may be absent (`?`). */
export type InputKind = 'dir' | 'file' | 'dir[]' | 'file[]' | 'dir?' | 'file?' | 'dir[]?' | 'file[]?';

/** An input port. What it is `about` is shown in editors. */
export type InputPort = InputKind | { readonly kind: InputKind; readonly about: string };

/** An output port; `measured` outputs (time, speed, memory) are kept and shown but never hashed. */
export type OutputPort =
  | Kind
  | { readonly kind: Kind; readonly about: string; readonly measured?: true }
  | { readonly kind: Kind; readonly measured: true };

/** How a metric is read: which way is better, how far two runs may differ, and whether it is a measurement of the machine. */
export interface Metric {
  readonly about?: string;
  readonly goal?: 'maximize' | 'minimize';
  /** The largest absolute difference at which two results still count as the same. */
  readonly tolerance?: number;
  readonly measured?: true;
}

/** What a node takes of the machine while it runs. */
export interface Resources {
  /** Threads; part of the fingerprint, since it changes floating-point results. */
  readonly cpu?: number;
  readonly gpu?: number;
  /** For example `512MiB` or `2GiB`; decides only what runs at once. */
  readonly memory?: string;
}

/** One element of a `[]` port: the instance's matrix point and where its artifact lies. */
export interface Element {
  readonly key: Readonly<Record<string, Json>>;
  readonly path: string;
}

/** A stage's declaration: all that planning needs, and nothing that loads the work itself. */
export interface Stage<
  Params extends Readonly<Record<string, Param<unknown, unknown>>> = Readonly<Record<string, Param<unknown, unknown>>>,
  Inputs extends Readonly<Record<string, InputPort>> = Readonly<Record<string, InputPort>>,
  Outputs extends Readonly<Record<string, OutputPort>> = Readonly<Record<string, OutputPort>>,
  Metrics extends Readonly<Record<string, Metric>> = Readonly<Record<string, Metric>>,
> {
  /** One sentence: what the stage does. */
  readonly about: string;
  readonly params?: Params;
  /** Names that params had before, each with the dotted name that it has now: they are refused with it. */
  readonly former?: Readonly<Record<string, string>>;
  readonly inputs?: Inputs;
  readonly outputs: Outputs;
  readonly metrics?: Metrics;
  readonly resources?: Resources;
  /** `machine`: the stage measures the machine, so it runs alone and the machine is part of its fingerprint. */
  readonly measures?: 'machine';
  /** The stage uses the network. What it finds there is no ingredient: its result is kept as that of any other stage. */
  readonly network?: true;
  /** The work, in a file of its own: planning never loads it. */
  readonly run: () => Promise<object>;
}

type InputValue<Port> = Port extends { readonly kind: infer Written }
  ? InputValue<Written>
  : Port extends `${infer Present}?`
    ? InputValue<Present> | undefined
    : Port extends `${string}[]`
      ? readonly Element[]
      : string;

/** Where a stage keeps what lets it go on after being stopped. */
export interface Checkpoint {
  /** The folder of the last complete checkpoint, or undefined at the first start. Read-only. */
  readonly folder: string | undefined;
  /** Writes a new checkpoint into an empty folder; it replaces the last one only once `write` has ended. */
  save(write: (folder: string) => Promise<void> | void): Promise<void>;
}

/** What a function that runs in a thread of its own is given besides its data. */
export interface ThreadContext {
  /** What each `param.module` of the stage chose, by param: as the work is given it, made anew. */
  readonly modules: Readonly<Record<string, unknown>>;
  /** Leads to the port of the `Thread`. */
  readonly port: MessagePort;
}

/** A function for a thread of its own. It is one of those that `run.ts` exports by names: `export const threads = { … }`. */
export type ThreadWork<Data> = (data: Data, context: ThreadContext) => Promise<void> | void;

/** A thread that a stage's work has started. */
export interface Thread {
  /** Leads to the port that the thread's function was given. */
  readonly port: MessagePort;
  /** Ends the thread, whatever it is doing. */
  close(): Promise<void>;
}

/**
 * All that a stage's work is given. It reads only its inputs and writes only its outputs. Asking `params`, `modules`, `inputs` or `outputs` for
 * a name that the stage does not declare throws; code that looks for more than is declared is given a plain copy: `{ ...params }`.
 */
export interface WorkContext<Declaration extends Stage> {
  readonly params: ParamValues<NonNullable<Declaration['params']>>;
  /** What each `param.module` chose: the default export of its file, or what that makes of its params where it has some. */
  readonly modules: {
    readonly [Name in keyof NonNullable<Declaration['params']> as NonNullable<Declaration['params']>[Name] extends Param<
      unknown,
      infer Module
    >
      ? [Module] extends [never]
        ? never
        : Name
      : never]: NonNullable<Declaration['params']>[Name] extends Param<unknown, infer Module> ? Module : never;
  };
  /** Paths of the inputs, by port. */
  readonly inputs: { readonly [Port in keyof NonNullable<Declaration['inputs']>]: InputValue<NonNullable<Declaration['inputs']>[Port]> };
  /** Where to write: a `dir` is there and empty, a `file` is not yet there. */
  readonly outputs: { readonly [Port in keyof Declaration['outputs']]: string };
  /** Records a declared metric: with a `step` a point of its curve, without one its final value. */
  metric(name: keyof NonNullable<Declaration['metrics']> & string, value: number, at?: { readonly step: number }): void;
  /** Says how far the work is; shown live, never stored. */
  progress(done: number, total: number, note?: string): void;
  /** One line for the node's log. */
  log(line: string): void;
  /** Warns whoever watches the run, and its log: what was made is whole, but to be doubted. */
  warn(message: string): void;
  /** Ends the node with an error that a user can act on (a throw of anything else is reported as a bug, with its stack). */
  fail(message: string, hint?: string): never;
  readonly checkpoint: Checkpoint;
  /** Aborted when the run is being stopped: save a checkpoint and return or throw. */
  readonly signal: AbortSignal;
  /** The threads that the node was given. */
  readonly cpu: number;
  /**
   * Runs a function beside the work, in a thread with an own copy of the stage's code. `data` and all that goes through the ports is
   * copied (structured clone), or handed over where it is listed as a transfer. The thread may touch what the work may touch, an error in
   * it fails the node, and it ends with the work. Throws if `run.ts` does not export the function in `threads`.
   */
  thread<Data>(run: ThreadWork<Data>, data: Data): Thread;
}

/** A stage's work. */
export type Work<Declaration extends Stage> = (context: WorkContext<Declaration>) => Promise<void> | void;
