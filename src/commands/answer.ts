import type { Problem, ProblemKind } from '../model/problem.ts';
import type { Invocation } from './verb.ts';

/** Exit codes, as documented in the README. */
export const EXIT = {
  done: 0,
  stageFailed: 1,
  usage: 2,
  pipeline: 3,
  notReproduced: 4,
  storeDamaged: 5,
  bug: 70,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

const EXIT_OF: Readonly<Record<ProblemKind, number>> = {
  stage: EXIT.stageFailed,
  usage: EXIT.usage,
  pipeline: EXIT.pipeline,
  store: EXIT.storeDamaged,
};

/** What a verb has to say: as data, and how that reads. */
export interface Answer {
  readonly exit: number;
  /** What `--json` prints; undefined prints nothing. */
  readonly data: object | undefined;
  /** What is printed without `--json`: on the standard output, as it is. */
  readonly text: string;
  /** What went wrong, told before the text on the standard error output. */
  readonly problems: readonly Problem[];
  /** Lines for the standard error output after the text. */
  readonly notes: readonly string[];
}

/** An answer in lines. */
export function answer(data: object, lines: readonly string[], more: Partial<Omit<Answer, 'data' | 'text'>> = {}): Answer {
  return { exit: EXIT.done, data, text: lines.map((line) => `${line}\n`).join(''), problems: [], notes: [], ...more };
}

/** An answer that is printed as it is: a page, a table for programs; or nothing, where all is told already. */
export function rawAnswer(data: object | undefined, text: string, exit: number = EXIT.done): Answer {
  return { exit, data, text, problems: [], notes: [] };
}

/** It could not be done. */
export function refusal(problems: readonly Problem[], exit: number = exitCodeOf(problems)): Answer {
  return { exit, data: { error: problemJson(problems) }, text: '', problems, notes: [] };
}

/** The exit code of the first problem: what the user wrote comes before what happened then. */
export function exitCodeOf([first]: readonly Problem[]): number {
  return first === undefined ? EXIT.done : EXIT_OF[first.kind];
}

/** A problem as a person reads it: the sentence, the place with its line, and what to do. */
export function problemText({ code, message, place, hint }: Problem): string {
  const lines = [`error: ${message} [${code}]`];
  if (place !== undefined) {
    const number = String(place.line);
    const column = Math.min(place.column, place.excerpt.length + 1);
    lines.push(
      `  ${place.file}:${place.line}:${place.column}`,
      `  ${number} | ${place.excerpt}`,
      `  ${' '.repeat(number.length)} | ${' '.repeat(column - 1)}^`,
    );
  }
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return `${lines.join('\n')}\n`;
}

/** The first problem as `--json` shows it. */
export function problemJson(problems: readonly Problem[]): object {
  const [first] = problems;
  return {
    code: first?.code,
    message: first?.message,
    file: first?.place?.file ?? null,
    line: first?.place?.line ?? null,
    column: first?.place?.column ?? null,
    hint: first?.hint ?? null,
    ...(problems.length > 1 ? { others: problems.slice(1).map(({ code, message }) => ({ code, message })) } : {}),
  };
}

/** The version of everything that `--json` prints; it grows only when a field changes its meaning or goes. */
const JSON_VERSION = 1;

/** An object as `--json` prints it. */
export function jsonLine(data: object): string {
  return `${JSON.stringify({ version: JSON_VERSION, ...data })}\n`;
}

/** Prints an answer in the form that is wanted. The one place where what verbs say is written. */
export function print(
  { data, text, problems, notes }: Answer,
  { json, stdout, stderr }: Pick<Invocation, 'json' | 'stdout' | 'stderr'>,
): void {
  if (json) {
    if (data !== undefined) stdout.write(jsonLine(data));
    return;
  }
  for (const problem of problems) stderr.write(problemText(problem));
  if (text !== '') stdout.write(text);
  for (const note of notes) stderr.write(`${note}\n`);
}
