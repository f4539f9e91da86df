import type { Artifact } from './artifact.ts';
import type { EngineUse } from './engine.ts';
import type { JsonObject } from './json.ts';

/** What one input element contributes to a fingerprint. */
export interface ElementIngredient {
  readonly key: JsonObject;
  /** The content's digest; of a measured output, `measured:` and the fingerprint of the work that measured it. */
  readonly content: string;
  readonly suffix: string;
  readonly executable?: true;
}

/** A package with native code that a stage's bundle leaves outside. */
export interface PackageIngredient {
  readonly version: string;
  /** The lock file's integrity, or the digest of the package's files where there is none. */
  readonly integrity: string;
}

/** What a command's environment holds: versions and digests, whatever the folder. */
export interface EnvironmentIngredient {
  /** The version of the interpreter. */
  readonly python: string;
  /** Of one that is built: what the files of its packages depend on, such as `linux x86_64 glibc`. */
  readonly platform?: string;
  /** Installed distributions: version and digest, by name. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Everything that can change a node's result, and nothing else. Its digest is the fingerprint. */
export interface Ingredients {
  /** That of the records in which its digest stands. */
  readonly format: number;
  /** How a child runs a stage: raised by hand when that changes. */
  readonly stageApi: number;
  readonly work:
    | {
        readonly kind: 'stage';
        readonly code: string;
        readonly packages: Readonly<Record<string, PackageIngredient>>;
        /** It may use the network. */
        readonly network?: true;
      }
    | {
        readonly kind: 'command';
        readonly run: string | readonly string[];
        readonly tools: Readonly<Record<string, string>>;
        readonly at: Readonly<Record<string, string>>;
        readonly metrics: string | null;
        /** Params that are numbers and are given as they are written. */
        readonly numbers?: readonly string[];
        readonly environment?: EnvironmentIngredient;
        /** Of what counts of the files that it runs. */
        readonly code?: string;
      };
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, { readonly many: boolean; readonly elements: readonly ElementIngredient[] }>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | null>>;
  readonly cpu: number;
  /** TypeScript stages: platform, architecture and Node's major. */
  readonly platform: string | null;
  /** The engines that a stage's code reaches, by name: their facts, and the variables that its process is given for them. */
  readonly engines: Readonly<Record<string, EngineUse>>;
  /** Stages that measure the machine. */
  readonly machine: JsonObject | null;
  /** Of what was measured while other work ran: the run that did. No other run asks for it. */
  readonly disturbed?: string;
}

/** A metric's final value. */
export interface MetricValue {
  readonly value: number;
  readonly measured: boolean;
}

/** One execution that succeeded. */
export interface Attempt {
  readonly outputs: Readonly<Record<string, Artifact>>;
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** The run that executed it, and what the node was called there. */
  readonly run: string;
  readonly node: string;
  /** Wall time. */
  readonly seconds: number;
  /** Recorded, never hashed: host facts for the record. */
  readonly facts: JsonObject;
}

/** What came out of an execution, whoever did it. */
export type CameOut = Omit<Attempt, 'run' | 'node'>;

/** The number of the shape of results that is written now. */
export const RESULT_FORMAT = 2;

/** What a fingerprint produced: the current attempt first; later attempts with other bytes are kept after it. */
export interface StoredResult {
  readonly format: number;
  readonly fingerprint: string;
  readonly stage: string;
  readonly ingredients: Ingredients;
  readonly attempts: readonly [Attempt, ...Attempt[]];
}
