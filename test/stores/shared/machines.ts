import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { emptyFolder } from '../../folders.ts';

const FUSE = 0x65735546;

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

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
  /** Runs Stillroom there, in a folder; ended by the signal as by a power cut. */
  stillroom(args: readonly string[], cwd: string, signal?: AbortSignal): Promise<Ended>;
}

const ends: (() => void)[] = [];

afterAll(() => {
  for (const end of ends) end();
});

/** Machines that share a folder, each of which keeps for `seconds` what it learned of it, as clients of a file server do. */
export async function machines(count: number, seconds: number): Promise<{ readonly server: string; readonly all: readonly Machine[] }> {
  const folder = emptyFolder();
  const program = join(folder, 'mount');
  const source = fileURLToPath(new URL('mount.c', import.meta.url));
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'fuse3'], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
  const compiled = spawnSync('gcc', ['-O1', source, '-o', program, ...flags], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(compiled.stderr);
  const server = join(folder, 'server');
  mkdirSync(server);
  const all = await Promise.all(
    Array.from({ length: count }, (_, at) => mounted(program, { server, at: join(folder, `client-${at}`), seconds })),
  );
  return { server, all };
}

async function mounted(
  program: string,
  { server, at, seconds }: { readonly server: string; readonly at: string; readonly seconds: number },
): Promise<Machine> {
  mkdirSync(at);
  const mount = spawn(program, [server, String(seconds), at], { stdio: 'ignore' });
  ends.unshift(() => {
    spawnSync('umount', ['--lazy', at]);
    mount.kill('SIGKILL');
  });
  while (statfsSync(at).type !== FUSE) {
    if (mount.exitCode !== null) throw new Error(`the mount ended with ${mount.exitCode}`);
    await sleep(20);
  }
  return { folder: at, stillroom: stillroomOf };
}

function stillroomOf(args: readonly string[], cwd: string, signal?: AbortSignal): Promise<Ended> {
  // Its processes have numbers that say nothing to those of other machines. The first of them cannot be killed from inside.
  const command = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, cli, ...args];
  const child = spawn('unshare', command, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined },
  });
  signal?.addEventListener('abort', () => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, output })));
}
