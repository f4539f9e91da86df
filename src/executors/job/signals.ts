/** Signals that end programs, by the number that a shell adds to 128; not SIGHUP, since 129 is what git and others say of wrong options. */
const NAMES: Readonly<Record<number, string>> = {
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
  31: 'SIGSYS',
};

/** What a signal means to someone whose program it ended, and what to do. */
interface Meaning {
  readonly words: string;
  readonly hint?: string;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  SIGHUP: { words: 'its terminal was closed, or something asked it to end' },
  SIGINT: { words: 'something outside interrupted it' },
  SIGILL: { words: 'it holds an instruction that this processor does not know', hint: 'was it built for another processor?' },
  SIGBUS: { words: 'it reached for a part of a file that is not there any more, or the disk is full' },
  SIGFPE: { words: 'it divided a whole number by zero' },
  SIGKILL: { words: 'perhaps the machine ran out of memory' },
  SIGSEGV: { words: 'native code reached for memory that it does not have' },
  SIGPIPE: {
    words: 'it went on writing when its reader had ended, as in "yes | head"',
    hint: 'commands run under pipefail, where each part of a pipe must end well: let the reader read all, or allow for it: (yes || [ $? = 141 ]) | head',
  },
  SIGTERM: { words: 'something outside asked it to end' },
  SIGXCPU: { words: 'it used up the processor time that it was given', hint: 'see ulimit -t' },
  SIGXFSZ: { words: 'a file became larger than it may', hint: 'see ulimit -f' },
  SIGSYS: { words: 'it made a system call that it may not make' },
};

/** The signal that ended a program: its own, or that of which a shell's exit code tells. */
export function signalOf(exitCode: number | null, own: string | null): string | undefined {
  return own ?? NAMES[(exitCode ?? 0) - 128];
}

/** What it means that a signal ended a program, where that is known. */
export function meaningOf(signal: string): Meaning | undefined {
  return MEANINGS[signal];
}
