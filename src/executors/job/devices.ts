import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileLock, lockFile, tryLockFile } from '../../files/lock.ts';

/** Milliseconds between two looks whether a device is free. */
const PAUSE = 50;

/**
 * The accelerators that nodes may use, as CUDA_VISIBLE_DEVICES names them: those of STILLROOM_DEVICES (names with commas between, which need
 * not exist: for tests), else those that CUDA_VISIBLE_DEVICES leaves, else all of the machine.
 */
export function devicesOf(environment: Readonly<Record<string, string | undefined>>): string[] {
  const given = environment['STILLROOM_DEVICES'] ?? environment['CUDA_VISIBLE_DEVICES'];
  if (given !== undefined)
    return given
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && name !== '-1');
  const found = existsSync('/dev') ? readdirSync('/dev').filter((name) => /^(?:nvidia\d+|dxg)$/.test(name)) : [];
  // What is numbered otherwise outside a container is counted from 0 inside.
  return found.map((_, index) => String(index));
}

/**
 * Takes devices, waiting until enough are free that no other node of this user has; undefined if the signal comes first. Who waits holds the
 * door, so that one that wants many is not overtaken for ever.
 */
export async function takeDevices(
  count: number,
  { folder, devices }: { readonly folder: string; readonly devices: readonly string[] },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FileLock> | undefined> {
  const taken = new Map<string, FileLock>();
  const wanted = Math.min(count, devices.length);
  if (wanted === 0) return taken;
  const door = await lockFile(join(folder, 'devices'), signal);
  while (door !== undefined && !signal.aborted) {
    for (const name of devices) {
      const lock = taken.size === wanted || taken.has(name) ? undefined : tryLockFile(join(folder, `device-${encodeURIComponent(name)}`));
      if (lock !== undefined) taken.set(name, lock);
    }
    if (taken.size === wanted) break;
    await sleep(PAUSE);
  }
  door?.release();
  if (taken.size === wanted) return taken;
  for (const { release } of taken.values()) release();
  return undefined;
}
