import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { tryLockFile } from '../../files/lock.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';

/** Kinds of network file system whose locks cannot be trusted, by the number that statfs gives. */
const REMOTE: Readonly<Record<number, string>> = { 0x6969: 'NFS', 0x517b: 'SMB', 0xff534d42: 'CIFS', 0xfe534d42: 'SMB2', 0x01021997: '9P' };

/** Tries the file system's locks before a store is written to. */
export function probeLocks(root: string): Outcome<undefined> {
  const kind = REMOTE[statfsSync(root).type];
  const untrusted = (why: string): Outcome<undefined> =>
    failed({
      kind: 'store',
      code: 'store-without-locks',
      message: `the store ${root} cannot be written: ${why}`,
      hint: 'keep it on a local disk: --store FOLDER',
    });
  if (kind !== undefined) return untrusted(`its file system is ${kind}, whose locks cannot be trusted`);
  const path = join(root, 'locks', `probe-${process.pid}`);
  const first = tryLockFile(path);
  // Someone who removes what is left over holds it just now: so they are held.
  if (first === undefined) return done(undefined);
  const second = tryLockFile(path);
  first.release();
  second?.release();
  rmSync(path, { force: true });
  return second === undefined ? done(undefined) : untrusted('its file system does not hold locks');
}
