import { existsSync, lstatSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isObject } from '../files/json.ts';
import { readSealed, writeSealed } from '../files/sealed.ts';
import type { OnMove, Store } from '../model/store.ts';

/** How the names begin of the files in an attempt's folder that say what was moved from there into the store. */
const MOVED = 'moved-';

/** Files that are moved from an attempt's folder, relative to it. */
interface Moved {
  readonly files: readonly { readonly path: string; readonly digest: string; readonly executable: boolean }[];
}

function isMoved(value: unknown): value is Moved {
  return isObject(value) && Array.isArray(value['files']);
}

/** Writes down, durably, which files of an attempt are moved into the store before they are: whoever comes after a coordinator that was killed meanwhile can put them back. */
export function noteMoves(folder: string, port: string): OnMove {
  return (files) => {
    const moved: Moved = {
      files: files.map(({ path, digest }) => {
        const executable = (lstatSync(path).mode & 0o111) !== 0;
        return { path: relative(folder, path), digest, executable };
      }),
    };
    writeSealed(join(folder, `${MOVED}${port}.json`), moved);
  };
}

/** Puts back what a coordinator moved away from an attempt that it did not live to keep. False: something is missing, so the attempt is of no use. */
export function putBack(folder: string, ports: readonly string[], store: Store): boolean {
  const moved = ports.flatMap((port) => readSealed(join(folder, `${MOVED}${port}.json`), isMoved)?.files ?? []);
  return moved.every(({ path, digest, executable }) => {
    const at = join(folder, path);
    if (existsSync(at)) return true;
    return store.artifacts.place({ kind: 'file', digest, size: 0, suffix: '', ...(executable ? { executable } : {}) }, at) !== undefined;
  });
}
