import type { Surroundings } from '../engine/fingerprint.ts';
import type { Outline } from '../model/outline.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { Outcome } from '../model/problem.ts';
import type { Store } from '../model/store.ts';

/** A pipeline with all that planning needs. */
export interface Opened {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly surroundings: Surroundings;
  /** The file as records name it: relative to the project. */
  readonly shownFile: string;
  /** The file as messages name it. */
  readonly named: string;
  /** SHA-256 of the file as it was read; undefined where it changed meanwhile. */
  readonly text: string | undefined;
  /** What the file and its options say, node by node; undefined where digests of their values do not tell. */
  outline(): Outline | undefined;
  /** Reads the file again with other `--set` options. */
  reread(set: readonly string[]): Promise<Outcome<Pipeline>>;
}
