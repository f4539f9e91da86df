import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What `--json` printed. */
export type Json = Readonly<Record<string, unknown>>;

/** How a command line was answered. */
export interface Answer {
  readonly code: number;
  /** Both streams. */
  readonly text: string;
  readonly json: Json;
}

/** A project in a folder of its own, and a way to ask the command line there. */
export interface Questions {
  readonly folder: string;
  ask(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Writes files below the folder. */
  write(files: Readonly<Record<string, string>>): void;
  remove(): void;
}

/** Whether a text holds a stack trace of Node. */
export function hasStack(text: string): boolean {
  return /^\s+at .*:\d+:\d+\)?$/m.test(text);
}

/** Opens a project of some files; `before` is code that is loaded before the command line. */
export function questions(files: Readonly<Record<string, string>>, before = ''): Questions {
  const folder = join(mkdtempSync(join(tmpdir(), 'stillroom-asked-')), 'project');
  const write = (written: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(written)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  write({ 'package.json': '{}', ...files });
  const own = before === '' ? [] : [`--import=data:text/javascript,${encodeURIComponent(before)}`];
  const cli = resolve('dist/cli.js');
  return {
    folder,
    write,
    ask: (args, env = {}) =>
      new Promise((done) => {
        const cache = join(dirname(folder), 'cache');
        const environment = {
          PATH: process.env['PATH'] ?? '',
          HOME: dirname(folder),
          CI: '1',
          NO_COLOR: '1',
          XDG_CACHE_HOME: cache,
          ...env,
        };
        const options = { cwd: folder, env: environment, timeout: 120_000, maxBuffer: 2 ** 28 };
        execFile(process.execPath, [...own, cli, ...args], options, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          const json = args.includes('--json') && stdout.startsWith('{') ? (JSON.parse(stdout) as Json) : {};
          done({ code, text: stdout + stderr, json });
        });
      }),
    remove: () => rmSync(dirname(folder), { recursive: true, force: true }),
  };
}
