import { execFile } from 'node:child_process';
import type { Outcome } from '../../model/problem.ts';

/** Gives uv, which locks and builds environments. */
export interface Uv {
  /** The program, if it is here. */
  here(): Promise<string | undefined>;
  /** The program, brought to this machine where it is not here. */
  bring(signal: AbortSignal): Promise<Outcome<string>>;
}

/** What environments are locked and built with. */
export interface Provision {
  readonly uv: Uv;
  /** The user's folder of built environments, shared by projects. */
  readonly folder: string;
  /** False: only locks that are there are used, as a plan does, which never asks the network. */
  readonly makesLocks: boolean;
  /** What is not locked by a file is locked anew, once. */
  readonly refreshes: boolean;
  /** Tells what is waited for where no run is there yet that could. */
  readonly tell: (message: string) => void;
}

/** Where and how uv is run. */
export interface UvCall {
  readonly uv: string;
  /** Its settings are looked for there and above. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** What it printed; or why it failed, in its own words. */
export type UvEnd = { readonly output: string } | { readonly why: readonly string[] } | 'stopped';

/** Variables by which others choose a Python, a folder or what is printed. */
const OTHERS = [
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'PYTHONPATH',
  'PYTHONHOME',
  'UV_PYTHON',
  'UV_PROJECT',
  'UV_PROJECT_ENVIRONMENT',
  'UV_SYSTEM_PYTHON',
  'UV_OUTPUT_FILE',
];

/** Runs uv to its end. */
export function runUv(args: readonly string[], { uv, folder, environment, signal }: UvCall): Promise<UvEnd> {
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => !OTHERS.includes(name)));
  const env = { ...own, UV_PYTHON_DOWNLOADS: 'never', UV_NO_PROGRESS: '1', NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(
      uv,
      ['--quiet', ...args],
      { cwd: folder, env, signal, maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' },
      (error, output, told) => {
        if (signal.aborted) resolve('stopped');
        else if (error === null) resolve({ output });
        else resolve({ why: wordsOf(told === '' ? error.message : told) });
      },
    );
  });
}

/** The most lines of uv's words that are told. */
const LINES = 12;

/** What uv says of a failure, without names and passwords in addresses. */
function wordsOf(told: string): string[] {
  const lines = told.split('\n').map((line) => line.replaceAll(/:\/\/[^/\s@]+@/g, '://****@').trimEnd());
  const from = Math.max(
    0,
    lines.findIndex((line) => /^error|^\s*\u00d7/.test(line)),
  );
  return lines
    .slice(from)
    .filter((line) => line.trim() !== '')
    .slice(0, LINES);
}
