import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installation } from '../../../src/model/installation.ts';

const FUSE = 0x65735546;

const cli = join(installation, 'dist', 'cli.js');

/** Why two machines that share a folder cannot be played here; undefined: they can. */
export function whyNotShared(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root may mount';
  if (!existsSync('/dev/fuse')) return 'the kernel has no FUSE';
  if (spawnSync('pkg-config', ['--exists', 'fuse3']).status !== 0) return 'apt-get install fuse3 libfuse3-dev pkg-config';
  return spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0 ? undefined : 'no namespaces of processes';
}

/** How a command ended on a machine. */
export interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

/** A machine that has the shared folder mounted, and processes of its own. */
export interface Machine {
  /** Where the shared folder is mounted. */
  readonly folder: string;
  /** Runs Stillroom there, in a folder; ended by the signal as by a power cut. Told all that it has printed whenever that is more. */
  stillroom(args: readonly string[], cwd: string, signal?: AbortSignal, onOutput?: (all: string) => void): Promise<Ended>;
}

/** Machines that share a folder. */
interface Machines {
  /** The folder itself. */
  readonly server: string;
  readonly all: readonly Machine[];
  /** Takes them down. */
  end(): void;
}

/** Machines that share a folder, below an empty one. Each keeps for `seconds` what it learned of it, as clients of a file server do. */
export async function machines(folder: string, seconds: number, count = 2): Promise<Machines> {
  const ends: (() => void)[] = [];
  const program = join(folder, 'mount');
  const source = join(installation, 'test', 'stores', 'shared', 'mount.c');
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'fuse3'], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
  const compiled = spawnSync('gcc', ['-O1', source, '-o', program, ...flags], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(compiled.stderr);
  const server = join(folder, 'server');
  mkdirSync(server);
  const all = await Promise.all(
    Array.from({ length: count }, (_, at) => mounted(program, { server, at: join(folder, `client-${at}`), seconds, ends })),
  );
  return { server, all, end: () => ends.forEach((end) => end()) };
}

async function mounted(
  program: string,
  { server, at, seconds, ends }: { readonly server: string; readonly at: string; readonly seconds: number; readonly ends: (() => void)[] },
): Promise<Machine> {
  mkdirSync(at);
  const mount = spawn(program, [server, String(seconds), at], { stdio: 'ignore' });
  ends.push(() => {
    spawnSync('umount', ['--lazy', at]);
    mount.kill('SIGKILL');
  });
  while (statfsSync(at).type !== FUSE) {
    if (mount.exitCode !== null) throw new Error(`the mount ended with ${mount.exitCode}`);
    await sleep(20);
  }
  return { folder: at, stillroom: stillroomOf };
}

function stillroomOf(args: readonly string[], cwd: string, signal?: AbortSignal, onOutput?: (all: string) => void): Promise<Ended> {
  // Its processes have numbers that say nothing to those of other machines. The first of them cannot be killed from inside.
  const command = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, cli, ...args];
  const child = spawn('unshare', command, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined },
  });
  signal?.addEventListener('abort', () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += String(text);
      onOutput?.(output);
    });
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, output })));
}
