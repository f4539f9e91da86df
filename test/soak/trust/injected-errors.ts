import { readFileSync, rmSync } from 'node:fs';
import { type CommandEnd, endOf } from './command-end.ts';
import { cli } from './small-project.ts';

/** The errors that each system call may give; one of them is chosen for each call that is attacked. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  openat: ['ENOSPC', 'EACCES', 'EMFILE', 'EIO', 'EROFS', 'EDQUOT', 'ESTALE', 'ENFILE'],
  read: ['EIO', 'ESTALE'],
  pread64: ['EIO', 'ESTALE'],
  write: ['ENOSPC', 'EIO', 'EDQUOT', 'EFBIG'],
  pwrite64: ['ENOSPC', 'EIO'],
  fsync: ['EIO', 'ENOSPC', 'EDQUOT'],
  fdatasync: ['EIO', 'ENOSPC'],
  rename: ['ENOSPC', 'EACCES', 'EROFS', 'EIO'],
  mkdir: ['ENOSPC', 'EROFS', 'EACCES', 'EDQUOT', 'ENOTDIR'],
  mkdirat: ['ENOSPC', 'EROFS'],
  unlink: ['EACCES', 'EIO', 'EROFS'],
  rmdir: ['EACCES', 'EIO'],
  link: ['EMLINK', 'ENOSPC'],
  symlink: ['ENOSPC', 'EROFS'],
  chmod: ['EPERM', 'EROFS'],
  fchmod: ['EPERM', 'EIO'],
  ftruncate: ['EIO', 'ENOSPC'],
  getdents64: ['EIO', 'ESTALE'],
  statx: ['EACCES', 'EIO', 'ESTALE', 'ENOTDIR'],
  newfstatat: ['EACCES', 'EIO', 'ESTALE'],
  statfs: ['EIO', 'ESTALE'],
  readlink: ['EIO', 'EACCES'],
  copy_file_range: ['ENOSPC', 'EIO'],
  sendfile: ['ENOSPC', 'EIO'],
  ioctl: ['EIO'],
  fcntl: ['ENOLCK', 'EIO'],
  pipe2: ['EMFILE', 'ENFILE'],
  socketpair: ['EMFILE', 'ENFILE'],
  clone: ['EAGAIN', 'ENOMEM'],
  vfork: ['EAGAIN', 'ENOMEM'],
};

/** Those that name no path. */
const WITHOUT_PATH: ReadonlySet<string> = new Set(['pipe2', 'socketpair', 'clone', 'vfork']);

/** The so-manieth call of a kind that a thread of a command makes, and the error that it is to give. */
export interface ErrorPoint {
  readonly call: string;
  readonly index: number;
  readonly error: string;
  /** What it is about, as the tracer shows it. */
  readonly about: string;
}

/**
 * All calls of a command itself, not of its nodes' programs, that have to do with its folder or start something: Node's reading of its own
 * modules is left out, since nothing of Stillroom's could answer for it.
 */
export async function errorPoints(args: readonly string[], folder: string): Promise<ErrorPoint[]> {
  const log = `${folder}.strace`;
  const calls = Object.keys(ERRORS);
  const end = await endOf(
    ['strace', '-f', '-qq', '-y', '-o', log, '-e', `trace=${calls.join(',')}`, process.execPath, cli, ...args],
    folder,
  );
  if (end?.code !== 0) throw new Error(`stillroom ${args.join(' ')} fails undisturbed: ${end?.output}`);
  const lines = readFileSync(log, 'latin1').split('\n');
  rmSync(log);
  const parsed = lines.flatMap((line) => {
    const [, thread = '', call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    return call === '' ? [] : [{ thread, call, line }];
  });
  const own = new Set([parsed[0]?.thread, ...parsed.filter(({ line }) => line.includes('/events.jsonl')).map(({ thread }) => thread)]);
  const counts = new Map<string, number>();
  const points: ErrorPoint[] = [];
  let hasBegun = false;
  for (const { thread, call, line } of parsed) {
    if (!own.has(thread)) continue;
    const index = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, index);
    // Node follows the links of what it is given, and reads its modules.
    const isOfFolder = names(line, folder);
    hasBegun ||= isOfFolder;
    if (!isOfFolder && !(hasBegun && WITHOUT_PATH.has(call))) continue;
    const errors = ERRORS[call] ?? [];
    const error = errors[points.length % errors.length] as string;
    points.push({ call, index, error, about: line.replace(/^\d+ +/, '').slice(0, 160) });
  }
  return points;
}

/** Whether a line of the tracer names something below a folder; that a process works there is said of every relative path. */
function names(line: string, folder: string): boolean {
  return line.replaceAll(/AT_FDCWD<[^>]*>/g, '').includes(folder);
}

/** Runs a command of Stillroom whose call gives an error. `met`: which calls it was, as another one may come so-manieth this time. */
export async function withError(
  { call, index, error }: ErrorPoint,
  args: readonly string[],
  folder: string,
): Promise<{ readonly end: CommandEnd; readonly met: 'a call of its own' | 'a call of Node itself' | 'no call' }> {
  const log = `${folder}.strace`;
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${index}`];
  const end = await endOf(['strace', '-f', '-qq', '-y', '-o', log, ...inject, process.execPath, cli, ...args], folder);
  const injected = readFileSync(log, 'latin1')
    .split('\n')
    .filter((line) => line.includes('(INJECTED)'));
  rmSync(log);
  const isOwn = injected.every((line) => WITHOUT_PATH.has(call) || names(line, folder));
  return { end, met: injected.length === 0 ? 'no call' : isOwn ? 'a call of its own' : 'a call of Node itself' };
}
