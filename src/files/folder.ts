import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Whether a path, absolute as the folder is, lies neither there nor below. A name may begin with two dots. */
export function isOutside(folder: string, path: string): boolean {
  return /^\.\.(?:\/|$)/.test(relative(folder, path));
}

/** The names in a folder, sorted; none where there is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return [];
    throw error;
  }
}

/**
 * Lets this machine forget what it keeps of a folder that others share: a client of a file server asks again about what changed under its
 * own hand. Returns whether there is such a folder; one that is new is seen from the folder above it, up to `top`.
 */
export function forgetFolder(folder: string, top: string): boolean {
  const name = join(folder, `.look-${randomBytes(6).toString('hex')}`);
  for (const isAgain of [false, true]) {
    try {
      mkdirSync(name);
      rmdirSync(name);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (isAgain || folder === top || !forgetFolder(dirname(folder), top)) return false;
    }
  }
  return false;
}

/** The names of a folder's files `NAME.json` without their suffix, sorted. */
export function jsonNamesIn(folder: string): string[] {
  return namesIn(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : []));
}

/**
 * Makes a folder and those above it where there are none; returns the first that was made. Node's own way never ends where a folder lets none
 * be made in it and says that there is none, as /proc does.
 */
export function makeFolders(folder: string): string | undefined {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return undefined;
  const above = dirname(folder);
  const first = above === folder ? undefined : makeFolders(above);
  try {
    mkdirSync(folder);
    return first ?? folder;
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(folder).isDirectory()) throw error;
    return first;
  }
}

/** Opens or makes a file whose folder is nearly always there: only where it is not, it is made before. */
export function inFolder<Value>(path: string, open: () => Value): Value {
  try {
    return open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolders(dirname(path));
    return open();
  }
}
