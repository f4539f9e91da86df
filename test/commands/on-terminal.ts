import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What is done at a terminal once a text has appeared on it, or a file exists. */
export interface Step {
  readonly text?: string;
  readonly file?: string;
  readonly type?: string;
  readonly signal?: string;
  readonly hangUp?: true;
}

/** What came of a program on a terminal. */
export interface Seen {
  readonly code: number;
  readonly written: string;
  readonly modes: { readonly lines: boolean; readonly echo: boolean; readonly signals: boolean } | null;
  readonly missed: readonly Step[];
}

/** Runs a program on a terminal. */
export async function onTerminal(folder: string, steps: readonly Step[], command: readonly string[]): Promise<Seen> {
  const { CI: _, ...others } = process.env;
  const { stdout } = await promisify(execFile)('python3', [join(import.meta.dirname, 'terminal.py'), JSON.stringify(steps), ...command], {
    cwd: folder,
    env: { ...others, TERM: 'xterm', XDG_CACHE_HOME: join(folder, 'cache') },
  });
  return JSON.parse(stdout) as Seen;
}
