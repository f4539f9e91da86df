import { closeSync, constants, copyFileSync, linkSync, openSync, rmSync } from 'node:fs';
import { copyHashed } from '../../files/copy-hashed.ts';
import { writeAll } from '../../files/write-all.ts';

/** Makes a file that shares another's blocks; false where the file system cannot. */
export function clone(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    rmSync(to, { force: true });
    return false;
  }
}

/** Why a file cannot be linked where it could be copied: another file system, one without links, or too many links already. */
const UNLINKABLE: ReadonlySet<string | undefined> = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK']);

/** Gives a file another name; false where it can only be copied there. */
export function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (UNLINKABLE.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}

/** Copies a file; returns the SHA-256 of what was copied. */
export function copy(from: string, to: string, size: number): string {
  const target = openSync(to, 'wx', 0o600);
  try {
    return copyHashed(from, (piece) => writeAll(target, piece), size);
  } finally {
    closeSync(target);
  }
}
