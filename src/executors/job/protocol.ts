import type { MessagePort } from 'node:worker_threads';
import type { JsonObject } from '../../model/json.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';

/** What a thread of a TypeScript stage is asked to do. */
export interface ThreadJob {
  /** The bundle's URL. */
  readonly bundle: string;
  /** Which of the bundle's `threads` to run. */
  readonly name: string;
  readonly data: unknown;
  readonly params: JsonObject;
  readonly port: MessagePort;
}

/** What the supervisor says last: processes that were left and had to be killed, and those that could not be. */
export interface Leftovers {
  readonly killed: number;
  readonly left: number;
}

/** What the child and its supervisor report, one JSON text a line, on its events descriptor. */
export type ChildMessage =
  | { readonly type: 'metric'; readonly name: string; readonly value: number; readonly step?: number }
  | { readonly type: 'progress'; readonly done: number; readonly total: number; readonly note?: string }
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'saved'; readonly checkpoint: string }
  | { readonly type: 'failed'; readonly code: ProblemCode; readonly message: string; readonly hint?: string; readonly at?: CodePlace }
  | { readonly type: 'done'; readonly facts: JsonObject }
  | { readonly type: 'not-started'; readonly code: string }
  | ({ readonly type: 'ended' } & Leftovers);

/** A place in a file of stage code, which is named from the project's folder; line and column count from 1. */
export interface CodePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where a stage writes its messages, and the supervisor what it says. */
export const EVENTS_DESCRIPTOR = 5;

/** What a bundle exports of the modules that its params chose: what makes them of the params. Bundles that a former Stillroom kept have them as they are. */
export type BundledModules = Readonly<Record<string, unknown>> | ((params: JsonObject) => Readonly<Record<string, unknown>>);

/** The chosen modules as the work is given them. */
export function modulesOf(modules: BundledModules, params: JsonObject): Readonly<Record<string, unknown>> {
  return typeof modules === 'function' ? modules(params) : modules;
}
