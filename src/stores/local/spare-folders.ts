import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { removeInside, removeTree } from '../../files/remove.ts';
import { SAVED } from '../../model/job.ts';

/** The folders in that of each attempt. */
const INNER = ['home', SAVED, 'tmp', 'work'];

/** Kept at most: so many attempts begin at once where there are that many slots. */
const MOST = 64;

/** The disk of a folder, whom it belongs to and who may do what in it; undefined where there is no folder. */
function rightsOf(path: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev} ${stats.mode} ${stats.uid} ${stats.gid}` : undefined;
}

/**
 * The folders of attempts that have ended, emptied, for those that begin: to make and to remove them costs some disks more than all else of a
 * short node. They are given on only with the rights of new ones.
 */
export class SpareFolders {
  private readonly scratch: () => string;
  private readonly paths: string[] = [];
  /** The rights of the first one that was made. */
  private rights: string | undefined;

  constructor(scratch: () => string) {
    this.scratch = scratch;
  }

  /** Puts a spare folder at a path, or a new one. */
  take(path: string): void {
    const spare = this.paths.pop();
    if (spare !== undefined && succeeds(() => isRenamed(spare, path))) return;
    mkdirSync(path, { recursive: true });
    for (const name of INNER) mkdirSync(join(path, name));
    this.rights ??= rightsOf(path);
  }

  /** Empties the folder of an attempt and keeps it; removes it where that cannot be. Returns what refused, each as a path and why. */
  put(path: string): readonly string[] {
    const spare = join(this.scratch(), `spare-${randomUUID().slice(-12)}`);
    if (!succeeds(() => this.isAsNew(path) && INNER.every((name) => removeInside(join(path, name))) && isRenamed(path, spare)))
      return removeTree(path);
    this.paths.push(spare);
    return [];
  }

  /** Removes all that no one was given. */
  remove(): void {
    for (const path of this.paths.splice(0)) removeTree(path);
  }

  private isAsNew(path: string): boolean {
    if (this.paths.length >= MOST) return false;
    const isWhole = [path, ...INNER.map((name) => join(path, name))].every((one) => rightsOf(one) === this.rights);
    return isWhole && this.rights !== undefined && readdirSync(path).sort().join() === INNER.join();
  }
}

function isRenamed(from: string, to: string): boolean {
  renameSync(from, to);
  return true;
}

/** Whether something is so; what the system refuses to tell or to do is not. */
function succeeds(isSo: () => boolean): boolean {
  let is = false;
  ifPossible(() => {
    is = isSo();
  });
  return is;
}
