import type { JsonObject } from './json.ts';
import type { Problem } from './problem.ts';

/** The number of the shape of specifications and exit records that is written now. */
export const JOB_FORMAT = 1;

/** The folder of leases in an attempt's own, where other machines execute it, and the lease of whoever does. */
export const LEASES = 'leases';
export const ALIVE = 'alive';

/** The file in an attempt's folder that holds its specification. */
export const JOB_FILE = 'job.json';

/** The folder in that of an attempt which becomes that of its work's checkpoints, where there is none yet. */
export const SAVED = 'saved';

/** What an attempt executes: a bundle of stage code, or a command. */
export type JobProgram =
  | {
      readonly kind: 'stage';
      /** The bundle's path. */
      readonly bundle: string;
      /** The folders of the packages with native code, by name. */
      readonly packages: Readonly<Record<string, string>>;
      /** Paths outside the attempt's folder that the stage may read. */
      readonly readable: readonly { readonly path: string; readonly kind: 'dir' | 'file' }[];
      /** It may use the network. */
      readonly network?: true;
      /** The names that its declaration has beside those that are given: any other is refused. Absent for work done again from a record. */
      readonly declared?: { readonly inputs: readonly string[]; readonly metrics: readonly string[] };
    }
  | {
      readonly kind: 'command';
      /** A shell text, or a program and its arguments with `$name` still to be filled in. */
      readonly run: string | readonly string[];
      /** A file of numbers that the command writes, relative to its working folder. */
      readonly metrics?: string;
      /** The params that are numbers, given as texts as they are written. */
      readonly numbers?: readonly string[];
      /** A folder that it finds empty, and what of it is there all the same; absolute. */
      readonly hidden?: { readonly folder: string; readonly shown: readonly string[] };
    };

/** What a node asks of whoever executes it. */
export interface NodeResources {
  /** Threads. */
  readonly cpu: number;
  /** Devices of its own. */
  readonly gpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** Everything that executing one attempt of a node needs, but the values of secrets. Plain data: it is written as a file into the attempt's folder. */
export interface JobSpecification {
  readonly format: number;
  /** The attempt's id: no other attempt has it. */
  readonly attempt: string;
  /** The name of the executor that it was given to. */
  readonly executor: string;
  readonly run: string;
  readonly node: string;
  /** The attempt's own folder, absolute: its inputs, outputs, working folder, home and temporary files lie below it. */
  readonly folder: string;
  readonly program: JobProgram;
  readonly params: JsonObject;
  /** Paths by port; elements of a `[]` port with their keys. Those of commands are relative to their working folder. */
  readonly inputs: Readonly<Record<string, string | readonly { readonly key: JsonObject; readonly path: string }[]>>;
  readonly outputs: Readonly<Record<string, { readonly path: string; readonly kind: 'dir' | 'file' }>>;
  /** The folder that holds the work's checkpoints. */
  readonly checkpoints: string;
  /** Variables but secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** The names of variables whose values are handed over apart and are blotted out of what is printed. */
  readonly secrets: readonly string[];
  readonly resources: NodeResources;
  /** The devices that are its own, as CUDA_VISIBLE_DEVICES names them. */
  readonly devices: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
  /** Where the work is written, for messages: the folder of the pipeline file, and the project's. Absent for work done again from a record. */
  readonly origin?: { readonly folder: string; readonly project: string };
  /** The file that takes what it prints. */
  readonly log: string;
}

/** What an attempt cost, where that is known. */
export interface Cost {
  /** Seconds of all its processes that were waited for. */
  readonly cpuSeconds?: number;
  /** Bytes. */
  readonly peakMemory?: number;
}

/** How an attempt ended. Whoever executes it writes this last; it is the truth, whatever a parent or a scheduler says. */
export type ExitRecord = {
  readonly format: number;
  readonly attempt: string;
  /** Wall time. */
  readonly seconds: number;
  readonly cost: Cost;
} & (
  | {
      readonly ended: 'done';
      readonly metrics: Readonly<Record<string, number>>;
      readonly facts: JsonObject;
      /** The last lines that it printed. */
      readonly last: readonly string[];
      /** Its folders are as new but for what lies in the one that it worked in: another attempt may be given them. */
      readonly isPlain?: boolean;
    }
  | { readonly ended: 'failed'; readonly problem: Problem }
  | { readonly ended: 'stopped' }
);
