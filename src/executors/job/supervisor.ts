import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../../model/installation.ts';
import type { Program } from './program.ts';

/** What a program runs under: the one that set-up compiles, which nothing escapes, or a few lines of shell where that is missing. */
export type Supervisor = 'compiled' | 'shell';

const compiled = join(installation, 'dist', 'native', 'supervisor');

/** The better one of those that are here. */
export function supervisorHere(): Supervisor {
  return existsSync(compiled) ? 'compiled' : 'shell';
}

/**
 * Runs a program in its own process group and dies with the coordinator: a guard reads the control pipe, whose other end only the
 * coordinator holds, and kills the whole group when it ends. The lock is held by the shell and its guard. At the end it says what time of
 * the processor all this took.
 */
const shell = (closed: string): string => `
trap : TERM INT
(trap '' TERM INT; read -r ignored <&3; kill -KILL 0) >/dev/null 2>&1 &
guard=$!
exec 3<&-
"$@" ${closed} &
work=$!
wait $work; code=$?
while kill -0 $work 2>/dev/null; do wait $work; code=$?; done
kill -KILL $guard 2>/dev/null
times >&5
exit $code
`;

/** The program and arguments that run a command under a supervisor. Its descriptors: 3 is the control pipe, 4 the lock, 5 the events. */
export function supervised({ command, keepsEvents, confinement }: Program, supervisor: Supervisor): readonly string[] {
  const confined = confinement.length === 0 ? [] : ['--confined', ...confinement];
  return supervisor === 'compiled'
    ? [compiled, ...(keepsEvents ? ['--events'] : []), ...confined, '--', ...command]
    : ['/bin/sh', '-c', shell(keepsEvents ? '4<&-' : '4<&- 5<&-'), 'stillroom', ...command];
}
