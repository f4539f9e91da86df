import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { endOf } from './command-end.ts';
import { cli } from './small-project.ts';

/** System calls by which files change or are found, locks are taken and programs started. */
const CALLS = [
  ...['openat', 'write', 'pwrite64', 'fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat'],
  ...['mkdir', 'mkdirat', 'rmdir', 'symlink', 'symlinkat', 'ftruncate', 'chmod', 'fchmod', 'copy_file_range', 'sendfile', 'ioctl'],
  ...['fcntl', 'clone', 'clone3', 'execve'],
];

/** What traces and kills: a package of its own in most systems. */
const tracer = 'strace';

/** Why this machine cannot kill at system calls; undefined: it can. */
export function hindrance(): string | undefined {
  const tried = spawnSync(tracer, ['-f', '-qq', '-o', '/dev/null', '-e', 'inject=openat:signal=SIGKILL', 'true']);
  if (tried.error !== undefined) return `${tracer} is not there`;
  return tried.signal === 'SIGKILL' ? undefined : `${tracer} may not trace here`;
}

/** The so-manieth call of a kind that a process or thread of a command makes. */
export interface CallPoint {
  readonly call: string;
  readonly index: number;
}

/** All calls that a command of Stillroom makes in a folder, from where Node itself has started. */
export async function callsOf(args: readonly string[], folder: string): Promise<CallPoint[]> {
  const log = `${folder}.strace`;
  const end = await endOf(
    [tracer, '-f', '-qq', '-o', log, '-e', `trace=${CALLS.join(',')}`, process.execPath, cli, ...args],
    folder,
    false,
  );
  if (end?.code !== 0) throw new Error(`stillroom ${args.join(' ')} fails undisturbed: ${end?.code}`);
  const counts = new Map<string, Map<string, number>>();
  let main: string | undefined;
  let start: ReadonlyMap<string, number> | undefined;
  for (const line of readFileSync(log, 'latin1').split('\n')) {
    const [, thread = '', call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (call === '') continue;
    main ??= thread;
    const own = counts.get(thread) ?? new Map<string, number>();
    counts.set(thread, own);
    if (thread === main && start === undefined && line.includes(folder)) start = new Map(own);
    own.set(call, (own.get(call) ?? 0) + 1);
  }
  rmSync(log);
  return CALLS.flatMap((call) => {
    const most = Math.max(0, ...[...counts.values()].map((own) => own.get(call) ?? 0));
    const before = start?.get(call) ?? 0;
    return Array.from({ length: Math.max(0, most - before) }, (_, at) => ({ call, index: before + at + 1 }));
  });
}

/** What a kill at a call did: the command was gone at once, it went on without one of its processes, or the call was not reached this time. */
export type Killed = 'commands killed' | 'only workers killed' | 'without effect' | 'hung';

/** Runs a command of Stillroom and kills the first of its processes that makes this call. */
export async function killedAt({ call, index }: CallPoint, args: readonly string[], folder: string): Promise<Killed> {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${index}`];
  const end = await endOf([tracer, '-f', '-qq', '-o', '/dev/null', ...inject, process.execPath, cli, ...args], folder, false);
  if (end === undefined) return 'hung';
  return end.code === null ? 'commands killed' : end.code === 0 ? 'without effect' : 'only workers killed';
}
