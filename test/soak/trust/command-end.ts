import { spawn } from 'node:child_process';
import { environment } from './small-project.ts';

/** Milliseconds after which a command is taken to hang: most take a second or two. */
const HANGS = 120_000;

/** How a command ended; undefined: it did not. */
export type CommandEnd = { readonly code: number | null; readonly output: string } | undefined;

/** Runs a program to its end, in a group of its own, with all that it prints unless that is not asked for. */
export function endOf([program = '', ...args]: readonly string[], folder: string, hears = true): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const [out, error] = hears ? (['pipe', 'pipe'] as const) : (['ignore', 'ignore'] as const);
    const child = spawn(program, args, { cwd: folder, env: environment, stdio: ['ignore', out, error], detached: true });
    let output = '';
    const take = (text: string): void => {
      output += text;
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', take);
    const timer = setTimeout(() => {
      resolve(undefined);
      process.kill(-(child.pid as number), 'SIGKILL');
    }, HANGS);
    child.once('error', reject).once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}
