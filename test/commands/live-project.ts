import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { called, checkout, emptyFolder, write } from '../rig.ts';

/** A command that goes on until a file is there; it gives up by itself, should nobody make it. */
export function until(file: string): string {
  return `for i in $(seq 900); do test -e ${file} && break; sleep 0.1 || true; done`;
}

/** A project whose pipeline waits: its node `w` says that it has begun by a file, and goes on once there is a file `go`. */
export function waitingProject(): string {
  const folder = emptyFolder();
  const gate = join(folder, 'go');
  write(folder, {
    'package.json': '{}',
    'waits.yaml': `name: waits
stages:
  first: { run: 'echo > o', out: { o: o } }
  w:
    run: 'echo begun; touch ${folder}/begun; ${until(gate)}; echo "the end $TOKEN"; echo "{\\"score\\": 0.5}" > m.json; echo > o'
    in: { first: first.o }
    env: { TOKEN: { secret: true } }
    metrics: m.json
    out: { o: o }
  after: { run: 'echo > o', in: { w: w.o }, out: { o: o } }
`,
  });
  return folder;
}

/** Waits until a file is there. */
export async function appears(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(20);
}

/** The newest run of a project. */
export async function newestRun(folder: string): Promise<{ readonly run: string; readonly state: string } | undefined> {
  return (await called(folder, ['runs', '--json', '--limit', '1'])).json.runs?.[0];
}

/** A command in a process of its own, and what it prints until now. */
export interface Running {
  readonly child: ChildProcess;
  printed(): string;
  /** Ends with the command: its exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts the real command line. */
export function started(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [join(checkout, 'dist/cli.js'), ...args], {
    cwd: folder,
    env: { ...process.env, CI: '1', TOKEN: 'a-token-of-its-own', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, printed: () => text, ended };
}

/** Waits until a command has printed a text. */
export async function prints(running: Running, text: string): Promise<void> {
  while (!running.printed().includes(text)) await sleep(20);
}
