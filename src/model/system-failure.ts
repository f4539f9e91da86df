import { constants } from 'node:os';
import type { Problem } from './problem.ts';

/** What the operating system said of a call that it refused: of a file, a lock, a process. */
export interface SystemError {
  readonly message: string;
  /** Its name, such as `ENOSPC`. */
  readonly code: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly dest?: string;
}

/** Those that only a wrong program gets. */
const BUGS: ReadonlySet<string> = new Set(['EBADF', 'EFAULT', 'ENOTSOCK']);

/** The names of the system's errors by their numbers: Node knows some, such as ESTALE and EDQUOT, by their number alone. */
const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** The system's part of an error; undefined where it is not the system's, but a bug. */
export function systemErrorIn(error: unknown): SystemError | undefined {
  if (!(error instanceof Error)) return undefined;
  // Node gives some of its own names to errors of copying and removing, and says beside what the system said.
  const { info } = error as { readonly info?: Partial<SystemError> };
  const { errno, syscall, path, dest, ...named } = { ...(error as Partial<SystemError> & { readonly errno?: number }), ...info };
  const number = errno ?? Number(/^Unknown system error (-\d+)$/.exec(String(named.code))?.[1] ?? 0);
  const code = NAMES.get(-number) ?? named.code;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code) || BUGS.has(code)) return undefined;
  return {
    message: error.message,
    code,
    ...(syscall === undefined ? {} : { syscall }),
    ...(typeof path === 'string' ? { path } : {}),
    ...(typeof dest === 'string' ? { dest } : {}),
  };
}

/** What an error of the system means, and what helps. */
interface Meaning {
  readonly cause: string;
  readonly remedy: string;
  /** It is the machine's state, whichever file it happened to be. */
  readonly isState?: true;
  /** Another place, on another disk, helps too. */
  readonly elsewhere?: true;
}

const ANOTHER_STORE = 'or choose another store with --store FOLDER';

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOSPC: { cause: 'the disk is full', remedy: 'free some space there (df -h and df -i show it)', isState: true, elsewhere: true },
  EDQUOT: {
    cause: 'your quota of that disk is used up',
    remedy: 'free some space there (quota shows it)',
    isState: true,
    elsewhere: true,
  },
  EROFS: { cause: 'its disk is mounted read-only', remedy: 'mount it for writing', isState: true, elsewhere: true },
  EIO: { cause: 'its disk gave an input/output error', remedy: 'check the disk (dmesg shows its errors)', isState: true, elsewhere: true },
  ESTALE: {
    cause: 'the network disk does not know it any more (stale file handle)',
    remedy: 'mount that disk again, or use a local one: --store FOLDER',
    isState: true,
  },
  ENOLCK: { cause: 'its file system gives no locks', remedy: 'keep the store on a local disk: --store FOLDER', isState: true },
  EMFILE: { cause: 'this process may not open more files', remedy: 'raise the limit of open files: ulimit -n 4096', isState: true },
  ENFILE: {
    cause: 'the machine has too many open files',
    remedy: 'end what has many open, or raise the limit: sysctl fs.file-max',
    isState: true,
  },
  ENOMEM: { cause: 'the machine is out of memory', remedy: 'let less run at once: --jobs 1', isState: true },
  EAGAIN: {
    cause: 'the machine has none left for now',
    remedy: 'let less run at once (ulimit -u limits processes), then try again',
    isState: true,
  },
  EACCES: {
    cause: 'permission denied',
    remedy: 'change its permissions or its owner: ls -ld shows them, of it and of the folders above it',
  },
  EPERM: { cause: 'this is not permitted', remedy: 'change its permissions or its owner: ls -ld and lsattr -d show them' },
  ENOTDIR: { cause: 'a file lies where a folder is needed', remedy: 'move that file away' },
  EISDIR: { cause: 'a folder lies where a file is needed', remedy: 'move that folder away, or name another file' },
  ENOENT: { cause: 'there is no such file or folder', remedy: 'make it, or name another; if something removed it meanwhile, try again' },
  EEXIST: { cause: 'something lies there already', remedy: 'move it away' },
  ENOTEMPTY: { cause: 'the folder is not empty', remedy: 'something wrote there meanwhile: try again' },
  ELOOP: { cause: 'its links lead in a circle', remedy: 'remove that link' },
  ENAMETOOLONG: { cause: 'its name is too long', remedy: 'use shorter names, or a project and a store higher up' },
  EFBIG: { cause: 'the file may not grow as large', remedy: 'raise the limit (ulimit -f), or use another file system' },
  EBUSY: { cause: 'something else is using it', remedy: 'try again when that has ended' },
  ETXTBSY: { cause: 'it is being executed', remedy: 'try again when that has ended' },
  EPIPE: { cause: 'whoever read it went away', remedy: 'write it to a file' },
};

/** What a call was to do, as messages say it. */
const CALLS: Readonly<Record<string, string>> = {
  open: 'open',
  read: 'read',
  scandir: 'read',
  opendir: 'read',
  readlink: 'read',
  stat: 'look at',
  lstat: 'look at',
  fstat: 'look at',
  statfs: 'look at',
  realpath: 'look at',
  access: 'look at',
  lock: 'lock',
  write: 'write',
  fsync: 'write',
  ftruncate: 'write',
  truncate: 'write',
  mkdir: 'make',
  mkdtemp: 'make',
  unlink: 'remove',
  rmdir: 'remove',
  rm: 'remove',
  chmod: 'change the permissions of',
  spawn: 'start',
};

/** Calls that only read: below a project that is what its author wrote. */
const READING: ReadonlySet<string | undefined> = new Set(['open', 'read', 'look at']);

/** Errors that are met only where something is to be written. */
const OF_WRITING: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/**
 * What the system refused, in a sentence that names the path and the cause, and what to do. `elsewhere`: what to name where the error names no
 * path; `instead`: what to do where another place helps too.
 */
export function systemMessage(
  { code, syscall = '', path, dest, message }: SystemError,
  elsewhere: string,
  instead: string = ANOTHER_STORE,
): { message: string; hint: string } {
  const meaning = MEANINGS[code] ?? { cause: message.replace(/^[^:]*: /, ''), remedy: 'look for what is wrong there, then try again' };
  // Node names a child by what was to be started.
  const call = syscall.startsWith('spawn') ? 'spawn' : syscall;
  const verb = OF_WRITING.has(code) && call === 'open' ? 'write' : CALLS[call];
  const what = dest ?? path ?? elsewhere;
  const doing = verb === undefined ? `use ${what}` : `${verb} ${what}`;
  return { message: `cannot ${doing}: ${meaning.cause} (${code})`, hint: remedyOf(meaning, instead) };
}

function remedyOf({ remedy, elsewhere }: Meaning, instead: string): string {
  return elsewhere === undefined ? remedy : `${remedy}, ${instead}`;
}

/** How the C library says them, in what programs print. */
const SPOKEN: Readonly<Record<string, string>> = {
  'No space left on device': 'ENOSPC',
  'Disk quota exceeded': 'EDQUOT',
  'Read-only file system': 'EROFS',
  'Input/output error': 'EIO',
  'Stale file handle': 'ESTALE',
  'Too many open files': 'EMFILE',
  'Cannot allocate memory': 'ENOMEM',
};

/** What helps where a program that works in a folder printed that the system refused it something; undefined where it did not. */
export function remedyOfPrinted(lines: readonly string[], folder: string): string | undefined {
  const [, code = ''] = Object.entries(SPOKEN).find(([words]) => lines.some((line) => line.includes(words))) ?? [];
  const meaning = MEANINGS[code];
  return meaning === undefined ? undefined : `it worked in ${folder}: if ${meaning.cause} there, ${remedyOf(meaning, ANOTHER_STORE)}`;
}

/** Where the store and the project lie, if they are known: whose an error is decides who can do something about it. */
export interface Whereabouts {
  readonly store?: string;
  readonly project?: string;
}

/** A failure of the system as a problem; undefined where an error is none, but a bug. */
export function systemProblem(error: unknown, { store, project }: Whereabouts): Problem | undefined {
  const found = systemErrorIn(error);
  if (found === undefined) return undefined;
  const { code, path, dest } = found;
  const said = systemMessage(found, store === undefined ? 'a file' : `the store ${store}`);
  const place = dest ?? path ?? store;
  const isIn = (folder: string | undefined): boolean => folder !== undefined && `${place}/`.startsWith(`${folder}/`);
  if (isIn(store)) return { kind: 'store', code: 'store-unwritable', ...said };
  if (MEANINGS[code]?.isState === true) return { kind: 'store', code: 'system-failure', ...said };
  const isAuthors = isIn(project) && READING.has(CALLS[found.syscall ?? '']);
  return { kind: isAuthors ? 'pipeline' : 'usage', code: 'system-failure', ...said };
}
