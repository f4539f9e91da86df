import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Lock } from '../../model/store.ts';
import { lockFile } from './locks.ts';

/** Where a user's locks on the machine itself lie. */
function machineFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stillroom', 'machine');
}

/**
 * Lets many nodes of all of this user's runs work at once, or one alone that measures the machine. One that wants to be alone holds the
 * door, so that those already working end and no new one enters.
 */
export async function enterMachine(
  alone: boolean,
  signal: AbortSignal,
  environment: Readonly<Record<string, string | undefined>>,
  onWait: () => void,
): Promise<Lock | undefined> {
  const folder = machineFolder(environment);
  const door = await lockFile(join(folder, 'door'), signal, onWait);
  if (door === undefined) return undefined;
  if (!alone) {
    const inside = await lockFile(join(folder, 'inside'), signal, onWait, true);
    door.release();
    return inside;
  }
  const inside = await lockFile(join(folder, 'inside'), signal, onWait);
  if (inside === undefined) {
    door.release();
    return undefined;
  }
  return {
    descriptor: inside.descriptor,
    release() {
      inside.release();
      door.release();
    },
  };
}
