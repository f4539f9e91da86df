import type { Problem, ProblemKind } from '../model/problem.ts';

/** Exit codes, as documented in the README. */
export const EXIT = {
  done: 0,
  stageFailed: 1,
  usage: 2,
  pipeline: 3,
  notReproduced: 4,
  storeDamaged: 5,
  interrupted: 130,
  terminated: 143,
} as const;

const EXIT_OF: Readonly<Record<ProblemKind, number>> = {
  stage: EXIT.stageFailed,
  usage: EXIT.usage,
  pipeline: EXIT.pipeline,
  store: EXIT.storeDamaged,
};

/** The exit code of the gravest problem: what the user wrote comes before what happened then. */
export function exitCodeOf(problems: readonly Problem[]): number {
  const [first] = problems;
  return first === undefined ? EXIT.done : EXIT_OF[first.kind];
}

/** Problems as a person reads them: the sentence, the place with its line, and what to do. */
export function printProblems(problems: readonly Problem[]): void {
  for (const { code, message, place, hint } of problems) {
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
    process.stderr.write(`${lines.join('\n')}\n`);
  }
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

/** Prints one JSON object on the standard output. */
export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify({ version: JSON_VERSION, ...value })}\n`);
}

/** Tells problems in the asked form and returns the exit code. */
export function fail(problems: readonly Problem[], json: boolean): number {
  if (json) printJson({ error: problemJson(problems) });
  else printProblems(problems);
  return exitCodeOf(problems);
}
