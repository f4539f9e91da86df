import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasLeases, makeLeases } from '../../files/lease-folder.ts';
import { tryLockFile, useLeases } from '../../files/lock.ts';
import { mayBeShared } from '../../files/shared-file-system.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';

function leasesOf(root: string): string {
  return join(root, 'locks', 'leases');
}

/** From now on a store's locks are leases, if they are for others who use it. */
export function joinLeases(root: string): void {
  if (hasLeases(leasesOf(root))) useLeases(root, leasesOf(root));
}

/** Removes what processes left among a store's leases that are gone. */
export function tidyLeases(root: string): void {
  if (hasLeases(leasesOf(root))) useLeases(root, leasesOf(root)).tidy();
}

/**
 * Makes sure that a store's locks hold before it is written to: kernel locks on a local disk, leases where other machines may write too, or
 * where the file system holds none.
 */
export function prepareLocks(root: string): Outcome<undefined> {
  if (hasLeases(leasesOf(root)) || mayBeShared(root) || !holdsLocks(root)) return prepareLeases(root);
  return done(undefined);
}

/** Whether a file system's kernel locks keep this process's own hands apart. */
function holdsLocks(root: string): boolean {
  const path = join(root, 'locks', `probe-${process.pid}`);
  try {
    const first = tryLockFile(path);
    // Someone who removes what is left over holds it just now: so they are held.
    if (first === undefined) return true;
    const second = tryLockFile(path);
    first.release();
    second?.release();
    rmSync(path, { force: true });
    return second === undefined;
  } catch (error) {
    if (!['ENOLCK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

function prepareLeases(root: string): Outcome<undefined> {
  makeLeases(leasesOf(root));
  const leases = useLeases(root, leasesOf(root));
  const name = `probe-${process.pid}`;
  try {
    const first = leases.take(name);
    const second = first === undefined ? undefined : leases.take(name);
    first?.release();
    second?.release();
    if (second === undefined) return done(undefined);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return failed({
    kind: 'store',
    code: 'store-without-locks',
    message: `the store ${root} cannot be written: its file system holds neither locks nor hard links, by which its users are kept apart`,
    hint: 'keep it on another disk: --store FOLDER',
  });
}
