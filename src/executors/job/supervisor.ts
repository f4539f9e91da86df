import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../../model/installation.ts';
import type { Program } from './program.ts';

/** A supervisor that a program has to itself: what set-up compiles, which nothing escapes, or a few lines of shell where that is missing. */
export type OwnSupervisor = 'compiled' | 'shell';

/** What a program runs under: one of its own, or one that a launcher starts, which many programs share. */
export type Supervisor = OwnSupervisor | 'launched';

/** The program that set-up compiles. */
export const compiled = join(installation, 'dist', 'native', 'supervisor');

let here: Supervisor | undefined;

/** The best one of those that are here, for a process that runs many programs. */
export function supervisorHere(): Supervisor {
  here ??= ownSupervisorHere() === 'compiled' ? 'launched' : 'shell';
  return here;
}

/** The better one of those that are here, for a process that runs one program. */
export function ownSupervisorHere(): OwnSupervisor {
  return existsSync(compiled) ? 'compiled' : 'shell';
}

let hides: boolean | undefined;

/** Whether a folder can be hidden from programs here: by what set-up compiles, where the kernel lets this user. */
export function canHide(): boolean {
  hides ??= ownSupervisorHere() === 'compiled' && /"mounts":true/.test(spawnSync(compiled, ['--confinement'], { encoding: 'utf8' }).stdout);
  return hides;
}

/**
 * Runs a program in its own process group and dies with the coordinator: a guard reads the control pipe, whose other end only the
 * coordinator holds, and kills the whole group when it ends. The lock is held by the shell and its guard, which is gone when the shell is: it
 * must not be taken for something that the program left. At the end it says what time of the processor all this took.
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
kill -KILL $guard 2>/dev/null; wait $guard 2>/dev/null
times >&5
exit $code
`;

/** The program and arguments that run a command under a supervisor. Its descriptors: 3 is the control pipe, 4 the lock, 5 the events. */
export function supervised({ command, keepsEvents, confinement }: Program, supervisor: OwnSupervisor): readonly string[] {
  const confined = confinement.length === 0 ? [] : ['--confined', ...confinement];
  return supervisor === 'compiled'
    ? [compiled, ...(keepsEvents ? ['--events'] : []), ...confined, '--', ...command]
    : ['/bin/sh', '-c', shell(keepsEvents ? '4<&-' : '4<&- 5<&-'), 'stillroom', ...command];
}
