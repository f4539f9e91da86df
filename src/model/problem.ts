import type { ProblemCode } from './problem-codes.ts';

/** Where in a file something is wrong; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The line itself, as it stands in the file. */
  readonly excerpt: string;
}

/** Problems of one reading that are looked for and told: more help no one, and a hostile file could have any number. */
export const MOST_PROBLEMS = 20;

/** Who can fix a problem, which decides the exit code. */
export type ProblemKind = 'usage' | 'pipeline' | 'stage' | 'store';

/** An expected error: what is wrong, where, and what to do about it. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Stable, for programs. */
  readonly code: ProblemCode;
  readonly message: string;
  readonly place?: Place;
  /** Where in the pipeline file, by JSON pointer: whoever has the file makes a place of it. */
  readonly pointer?: string;
  readonly hint?: string;
}

/** A value, or at least one problem in its stead. */
export type Outcome<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problems: readonly Problem[] };

/** A problem of an execution with what it printed last, and where to read all of it: what prints nothing has no log. */
export function withLog(problem: Problem, last: readonly string[], path: string): Problem {
  const lines = ['its last lines:', ...last.map((line) => `  | ${line}`), `  the whole log: ${path}`];
  const tail = last.length === 0 ? 'it printed nothing' : lines.join('\n');
  return { ...problem, hint: `${problem.hint === undefined ? '' : `${problem.hint}\n  `}${tail}` };
}

/** A hint without what `withLog` added to it; undefined where nothing is left. */
export function hintWithoutLog(hint: string): string | undefined {
  const [own = ''] = hint.split(/(?:^|\n {2})(?:its last lines:|it printed nothing)(?:\n {2}|$)/);
  return own === '' ? undefined : own;
}

/** The good outcome. */
export function done<Value>(value: Value): Outcome<Value> {
  return { ok: true, value };
}

/** The bad outcome. */
export function failed<Value>(...problems: readonly Problem[]): Outcome<Value> {
  return { ok: false, problems };
}
