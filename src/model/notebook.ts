/** What executes a notebook: a module of ours, which is on the path of every command. */
const EXECUTED_BY = ['python3', '-m', 'stillroom.notebook'] as const;

/** How a command executes a notebook of the project. */
export function notebookRun(path: string): readonly string[] {
  return [...EXECUTED_BY, path];
}

/** The notebook that a command executes, relative to the project; undefined where it executes something else. */
export function notebookOf(run: string | readonly string[]): string | undefined {
  return typeof run !== 'string' && EXECUTED_BY.every((word, index) => run[index] === word) ? run[EXECUTED_BY.length] : undefined;
}
