import type { Event } from './event.ts';
import type { JsonObject } from './json.ts';
import type { Problem } from './problem.ts';
import type { Lock, Workplace } from './store.ts';

/** One execution, prepared: its inputs stand in the workplace. */
export interface Job {
  readonly node: string;
  readonly workplace: Workplace;
  /** Held by the child as long as it, or anything it starts, lives. */
  readonly lock: Lock;
  readonly work:
    | {
        readonly kind: 'stage';
        readonly bundle: string;
        readonly packages: Readonly<Record<string, string>>;
        readonly readable: readonly string[];
      }
    | { readonly kind: 'command'; readonly run: string | readonly string[]; readonly metrics: string | undefined };
  readonly params: JsonObject;
  /** Paths by port; elements of a `[]` port with their keys. */
  readonly inputs: Readonly<Record<string, string | readonly { readonly key: JsonObject; readonly path: string }[]>>;
  readonly outputs: Readonly<Record<string, { readonly path: string; readonly kind: 'dir' | 'file' }>>;
  readonly checkpoints: string;
  readonly env: Readonly<Record<string, string>>;
  /** Values that must not appear in logs. */
  readonly secrets: readonly string[];
  readonly cpu: number;
  readonly log: string;
  /** Seconds. */
  readonly timeout: number | undefined;
}

/** How an execution ended. */
export type Execution =
  | {
      readonly ended: 'done';
      readonly metrics: Readonly<Record<string, number>>;
      readonly seconds: number;
      readonly facts: JsonObject;
      /** The last lines that it printed. */
      readonly last: readonly string[];
    }
  | { readonly ended: 'failed'; readonly problem: Problem; readonly seconds: number }
  | { readonly ended: 'stopped'; readonly seconds: number };

/** How a run is stopped: first the work is asked to save its checkpoint and end, then it is killed. */
export interface Stop {
  readonly asked: AbortSignal;
  readonly forced: AbortSignal;
}

/** Where nodes are executed. */
export interface Executor {
  /** Ends only when nothing of the job lives any more. */
  execute(job: Job, emit: (event: Event) => void, stop: Stop): Promise<Execution>;
}
