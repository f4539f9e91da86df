import { shorten, shortenMiddle } from '../text/shorten.ts';
import { MOST_PROBLEMS, type Place, type Problem, type ProblemKind } from '../model/problem.ts';
import { printable } from '../text/printable.ts';
import { accent, ansiText, bad, dim, type Line, plainText, showsColours, warned } from '../text/styled.ts';
import type { Invocation } from './verb.ts';

/** Exit codes, as documented in `docs/commands.md`. */
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
  /** What is printed without `--json` on the standard output: as it is, but on a terminal without control characters. */
  readonly text: string;
  /** The same in lines, for an output that shows colours. */
  readonly lines?: readonly Line[];
  /** What went wrong, told before the text on the standard error output. */
  readonly problems: readonly Problem[];
  /** Lines for the standard error output after the text. */
  readonly notes: readonly Line[];
}

/** An answer in lines. */
export function answer(data: object, lines: readonly Line[], more: Partial<Omit<Answer, 'data' | 'text' | 'lines'>> = {}): Answer {
  const text = lines.map((line) => `${printable(plainText(line)).trimEnd()}\n`).join('');
  return { exit: EXIT.done, data, text, lines, problems: [], notes: [], ...more };
}

/** An answer that is no lines for a person: a page, a table for programs; or nothing, where all is told already. */
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

/** Letters of a line of a file that are shown, and of a message. */
const LONGEST = { excerpt: 120, message: 2000 };

/** The part of a line around a column, and where in it that column is. */
function around({ excerpt, column }: Place): { readonly shown: string; readonly at: number } {
  const at = Math.min(column, excerpt.length + 1);
  const start = at <= LONGEST.excerpt ? 0 : at - 1 - LONGEST.excerpt / 2;
  const lead = start > 0 ? '…' : '';
  return { shown: lead + shorten(excerpt.slice(start), LONGEST.excerpt), at: at - start + lead.length };
}

/** A problem as a person reads it: the sentence, the place with its line, and what to do. */
export function problemText(problem: Problem): string {
  return problemLines(problem)
    .map((line) => `${printable(plainText(line))}\n`)
    .join('');
}

function problemLines({ code, message, place, hint }: Problem): readonly Line[] {
  const sentence: Line = [bad('error:'), ` ${shortenMiddle(message, LONGEST.message)} `, dim(`[${code}]`)];
  return [
    sentence,
    ...(place === undefined ? [] : placeLines(place)),
    ...(hint === undefined ? [] : [isLog(hint) ? `  ${hint}` : ['  ', accent('hint:'), ` ${hint}`]]),
  ];
}

/** Whether a hint is no more than what was printed last. */
function isLog(hint: string): boolean {
  return /^(?:it printed nothing|its last lines:)/.test(hint);
}

function placeLines(place: Place): readonly Line[] {
  const number = String(place.line);
  const { shown, at } = around(place);
  return [
    `  ${place.file}:${place.line}:${place.column}`,
    ['  ', dim(`${number} |`), ` ${shown}`],
    ['  ', dim(`${' '.repeat(number.length)} |`), ` ${' '.repeat(at - 1)}`, bad('^')],
  ];
}

/** The first problem as `--json` shows it. */
export function problemJson(problems: readonly Problem[]): object {
  const [first] = problems;
  return {
    code: first?.code,
    message: first === undefined ? undefined : shortenMiddle(first.message, LONGEST.message),
    file: first?.place?.file ?? null,
    line: first?.place?.line ?? null,
    column: first?.place?.column ?? null,
    hint: first?.hint ?? null,
    ...(problems.length > 1
      ? {
          others: problems.slice(1, MOST_PROBLEMS).map(({ code, message }) => ({ code, message: shortenMiddle(message, LONGEST.message) })),
        }
      : {}),
  };
}

/** The version of everything that `--json` prints; it grows only when a field changes its meaning or goes. */
const JSON_VERSION = 1;

/** An object as `--json` prints it. */
export function jsonLine(data: object): string {
  // JSON leaves the control characters above ASCII as they are, and those that turn a text's direction.
  const text = JSON.stringify({ version: JSON_VERSION, ...data });
  return `${text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** Prints an answer in the form that is wanted. The one place where what verbs say is written. */
export function print(
  { data, text, lines, problems, notes }: Answer,
  { json, stdout, stderr, environment }: Pick<Invocation, 'json' | 'stdout' | 'stderr' | 'environment'>,
): void {
  if (json) {
    if (data !== undefined) stdout.write(jsonLine(data));
    return;
  }
  const inColour = showsColours(stderr, environment);
  const tell = (line: Line): boolean => stderr.write(`${inColour ? ansiText(line) : printable(plainText(line))}\n`);
  for (const problem of problems.slice(0, MOST_PROBLEMS)) for (const line of problemLines(problem)) tell(line);
  if (problems.length > MOST_PROBLEMS) tell(warned(`and ${problems.length - MOST_PROBLEMS} more`));
  if (lines !== undefined && showsColours(stdout, environment)) stdout.write(lines.map((line) => `${ansiText(line)}\n`).join(''));
  // What goes on to a program is left as it is; a terminal would obey it, and needs no returns before line ends.
  else if (text !== '') stdout.write(stdout.isTTY === true ? printable(text.replaceAll('\r\n', '\n')) : text);
  for (const note of notes) tell(note);
}
