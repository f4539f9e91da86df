import type { Event } from '../model/event.ts';
import type { Outcome } from '../model/problem.ts';
import type { VariantParams } from '../model/sweep.ts';

/** What a sweep needs so that its variants run: it reads, plans and executes nothing itself. */
export interface Workbench {
  /** Reads the pipeline with a variant's params; the problems are those of the pipeline with them. */
  read(params: VariantParams): Promise<Outcome<unknown>>;
  /** Plans a variant as far as some nodes; undefined: as far as the pipeline goes. */
  plan(params: VariantParams, only: readonly string[] | undefined): Promise<Outcome<PlannedVariant>>;
}

/** A variant that may run. */
export interface PlannedVariant {
  /** Digest of all that is asked of it: settings, code and the contents of sources. */
  readonly asked: string;
  /** Runs it as one of a trial's runs. */
  run(onEvent: (event: Event) => void, trial: number): Promise<VariantRun>;
}

/** How a variant's run ended. */
export interface VariantRun {
  readonly run: string;
  readonly hash: string | null;
  readonly state: 'done' | 'failed' | 'stopped';
  /** `node.metric` to value; of a node with a matrix also the mean over its instances. */
  readonly metrics: Readonly<Record<string, number>>;
  /** One sentence, of a failed run. */
  readonly error?: string;
}
