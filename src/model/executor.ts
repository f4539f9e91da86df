import type { Happening } from './event.ts';
import type { ExitRecord, JobSpecification, NodeResources } from './job.ts';
import type { JsonObject } from './json.ts';
import type { Outcome } from './problem.ts';
import type { SetupItem } from './setup-item.ts';
import type { Asker, Who } from './waiting.ts';
import type { Lock } from './workplace.ts';

/** An attempt, ready to be executed: its folder is prepared. */
export interface Job {
  readonly specification: JobSpecification;
  /** The values of the secrets that the specification names. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The lock on the work, for executors whose children inherit it: so it is held as long as anything of the attempt lives. Undefined: it cannot be inherited. */
  readonly lock: Lock | undefined;
  readonly hold: Hold;
  /** The seconds that it took before, as far as earlier runs tell. */
  readonly expected?: number | undefined;
}

/** What an attempt tells while it runs. */
export type JobEvent = Extract<Happening, { readonly type: 'node-progress' | 'node-metric' | 'node-log' | 'notice' }>;

/** How a run is stopped: first the work is asked to save its checkpoint and end, then it is killed. */
export interface Stop {
  readonly asked: AbortSignal;
  readonly forced: AbortSignal;
}

/** What is known of the place where nodes are executed. What counts for a node is part of its fingerprint. */
export interface ExecutorFacts {
  /** Platform, architecture and Node's major. */
  readonly platform: string;
  /** What measuring depends on: processor, memory, system; never a host name. */
  readonly machine: JsonObject;
  /** The engines that are set up there, by name, each with its version, device and the like. */
  readonly engines: Readonly<Record<string, JsonObject>>;
}

/** What may be used at once. */
export interface Capacity extends NodeResources {
  /** How many nodes may be executed at once, whatever they ask for; missing: as many as what they ask for allows. */
  readonly nodes?: number;
}

/** Leave to use an executor: until it is released, no one is alone there and no one else has its devices. */
export interface Hold {
  /** As CUDA_VISIBLE_DEVICES names them. */
  readonly devices: readonly string[];
  /** Whoever inherits these descriptors keeps the hold as long as they live. */
  readonly descriptors: readonly number[];
  /** Of one that is not alone although it asked to be: who else is there now. */
  readonly beside?: () => readonly Who[];
  release(): void;
}

/** What a node needs of an executor as a whole. */
export interface Need {
  /** Nothing else may work there meanwhile: it measures the machine. */
  readonly alone: boolean;
  /**
   * Where it would have to wait for other processes it takes its place beside them; it waits only for those who measure themselves, and for
   * the work of its own process.
   */
  readonly beside?: boolean;
  /** Devices of its own; more than there are gives all there are. */
  readonly gpu: number;
}

/** Where nodes are executed. */
export interface Executor {
  /** As `--executor` and a node's `executor:` name it. It is not hashed. */
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly capacity: Capacity;
  /** True: its attempts end with their coordinator, so none is found again by a specification in its folder. */
  readonly isAttached?: boolean;
  /** Waits until a node may use it; undefined if the signal comes first. */
  hold(need: Need, asker: Asker): Promise<Hold | undefined>;
  /** Ends only when nothing of the attempt lives any more. */
  execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord>;
  /**
   * Deals with an attempt that a coordinator left which is gone: ends it, or finds it again and watches on, as `execute` does. Undefined:
   * it lives no more, and nothing came of it. An attempt that is not wanted is recovered with `stop` asked from the start.
   */
  recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined>;
  /** Ends what is left of an attempt of which nothing but its id is known. */
  endLeft?(attempt: string): Promise<void>;
  /** What there is to tell of its machines beside the facts, where they are others than this one. */
  readonly items?: readonly SetupItem[];
  /** Sets up what is missing on its machines; one without has none but this one. */
  setUp?(how: SetUp): Promise<Outcome<undefined>>;
}

/** How something is set up elsewhere. */
export interface SetUp {
  /** The options of set-up that say what is wanted. */
  readonly parts: readonly string[];
  /** Told what set-up prints, line by line. */
  readonly tell: (line: string) => void;
  /** Aborted: it is stopped. */
  readonly signal: AbortSignal;
}

/** The executors that a project declares, each opened when it is first asked for. */
export interface Executors {
  /** All that can be asked for. */
  readonly names: readonly string[];
  /** The one with a name; without, the one that was chosen for the run. */
  get(name?: string): Promise<Outcome<Executor>>;
}

/** What an executor is opened with. */
export interface ExecutorOpening {
  readonly name: string;
  /** As the project declares them, checked against the schema of the kind. */
  readonly settings: JsonObject;
  /** The engines that are set up on this machine. */
  readonly engines: ExecutorFacts['engines'];
  /** The environment of the coordinator. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What its machines must see: the project and its store. */
  readonly paths?: readonly string[];
  /** Its machines are asked what they have, whatever they told before. */
  readonly isAskedAnew?: boolean;
  /** Told what opening waits for. */
  readonly tell?: (message: string) => void;
  /** Nobody waits any longer for it to be opened. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens an executor of a kind; fails where it cannot be reached. */
export type OpenExecutor = (opening: ExecutorOpening) => Promise<Outcome<Executor>>;
