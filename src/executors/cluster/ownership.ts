import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasLeases, makeLeases } from '../../files/lease-folder.ts';
import { Leases } from '../../files/leases.ts';
import { type FileLock, isLocked, lockFile, usesLeases } from '../../files/lock.ts';
import { readText } from '../../files/sealed.ts';
import { lookAnewAt } from '../../files/shared-file-system.ts';
import { ALIVE, JOB_FILE, LEASES } from '../../model/job.ts';
import { attemptFile } from '../job/attempt-files.ts';

// Who has an attempt: the one place that knows how a job and those who watch it, on other machines, tell each other so. Its folder lies on a
// disk of one machine, whose kernel keeps locks, or on one that several share: then it has leases of its own.

/** The file that a job writes once it has the attempt: what it is called, where it was told that. */
const BEGUN = 'begun';

/** The file in an attempt's folder which says that its time on the cluster was up. */
export const TIME_UP = 'time-up';

/** The variable that tells a job its own number and name, with a space between. */
export const JOB_VARIABLE = 'STILLROOM_CLUSTER_JOB';

/** The variable that tells a job its machine. */
export const MACHINE_VARIABLE = 'STILLROOM_CLUSTER_MACHINE';

/** A job's claim on its attempt that was taken back before it began. */
const FENCED = 'job.fenced';

/** Milliseconds that a job waits for who looks whether it lives. */
const PATIENCE = 60_000;

/** Whether an attempt has not begun, is being executed, or has ended. */
export type Standing = 'waiting' | 'alive' | 'ended';

const watched = new Map<string, Leases>();

function leasesOf(folder: string): Leases {
  const path = join(folder, LEASES);
  const leases = watched.get(path) ?? new Leases(path);
  watched.set(path, leases);
  return leases;
}

/** Prepares the folder of an attempt for a job. */
export function prepareOwnership(folder: string): void {
  if (usesLeases(folder)) makeLeases(join(folder, LEASES));
}

/** Takes an attempt for this process, which executes it, until it ends. False: somebody has it, or it is not wanted any more. */
export async function ownAttempt(folder: string): Promise<boolean> {
  const signal = AbortSignal.timeout(PATIENCE);
  const own = hasLeases(join(folder, LEASES)) ? leasesOf(folder).take(ALIVE, false) : await lockFile(attemptFile(folder, 'alive'), signal);
  // One that was begun is not begun again: its cluster may have taken it twice, or put it back into the queue.
  if (own === undefined || existsSync(join(folder, BEGUN))) return false;
  writeFileSync(join(folder, BEGUN), `${process.env[JOB_VARIABLE] ?? ''}\n${process.env[MACHINE_VARIABLE] ?? ''}`);
  return existsSync(join(folder, JOB_FILE));
}

/** Holds the lock on the work beside its coordinator, as long as this process and its children live. */
export async function shareWork(path: string): Promise<FileLock | undefined> {
  return lockFile(path, AbortSignal.timeout(PATIENCE), true);
}

/** How an attempt stands. What whoever has ended it wrote lies in its folder by then. */
export function standingOf(folder: string): Standing {
  // A network drive shows what is new in a folder to who lists it, once it has forgotten what it knew.
  lookAnewAt(folder);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  if (!names.includes(BEGUN)) return 'waiting';
  const isHeld = names.includes(LEASES) ? leasesOf(folder).isHeld(ALIVE) : isLocked(attemptFile(folder, 'alive'));
  return isHeld ? 'alive' : 'ended';
}

/** The number and the name of the job that has begun an attempt, and its machine; undefined: none has, or it was not told them. */
export function beganBy(folder: string): { readonly id: string; readonly name: string; readonly machine: string } | undefined {
  const [, id, name, machine = ''] = /^(\S+) (.*)(?:\n(.*))?$/.exec(readText(join(folder, BEGUN)) ?? '') ?? [];
  return id === undefined || name === undefined ? undefined : { id, name, machine };
}

/** Takes an attempt back which has not begun, so that no job can begin it any more. False: one has. */
export function fence(folder: string): boolean {
  const file = join(folder, JOB_FILE);
  if (existsSync(file)) renameSync(file, join(folder, FENCED));
  if (standingOf(folder) === 'waiting') return true;
  if (existsSync(join(folder, FENCED))) renameSync(join(folder, FENCED), file);
  return false;
}

/** Lets go of what this process keeps in mind of an attempt. */
export function forgetOwnership(folder: string): void {
  watched.delete(join(folder, LEASES));
}
