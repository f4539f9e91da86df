import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ifPossible } from '../../files/durable.ts';
import { removeInside, removeTree } from '../../files/remove.ts';
import { SAVED } from '../../model/job.ts';

/** The one that its program works in. */
const WORK = 'work';

/** The folders in that of each attempt. */
const INNER = ['home', SAVED, 'tmp', WORK];

/** Kept at most: so many attempts begin at once where there are that many slots. */
const MOST = 64;

/**
 * The folders of attempts that have ended, emptied, for those that begin: to make and to remove them costs some disks more than all else of a
 * short node. What became of those that a program was not to work in, its executor has seen.
 */
export class SpareFolders {
  private readonly scratch: () => string;
  private readonly paths: string[] = [];

  constructor(scratch: () => string) {
    this.scratch = scratch;
  }

  /** Puts a spare folder at a path, or a new one. */
  take(path: string): void {
    const spare = this.paths.pop();
    if (spare !== undefined && ifPossible(() => isRenamed(spare, path))) return;
    mkdirSync(path, { recursive: true });
    for (const name of INNER) mkdirSync(join(path, name));
  }

  /**
   * Empties the folder of an attempt, which is as new but for what lies in the working folder, and keeps it; removes it where that cannot be.
   * Returns what refused, each as a path and why.
   */
  put(path: string): readonly string[] {
    const spare = join(this.scratch(), `spare-${randomUUID().slice(-12)}`);
    const isEmptied = (): boolean => holdsFolders(path) && removeInside(join(path, WORK));
    if (this.paths.length >= MOST || !ifPossible(() => isEmptied() && isRenamed(path, spare))) return removeTree(path);
    this.paths.push(spare);
    return [];
  }

  /** Removes all that no one was given. */
  remove(): void {
    for (const path of this.paths.splice(0)) removeTree(path);
  }
}

/** Whether the folders of an attempt are in its folder, and nothing else. */
function holdsFolders(path: string): boolean {
  return readdirSync(path).sort().join() === INNER.join();
}

function isRenamed(from: string, to: string): boolean {
  renameSync(from, to);
  return true;
}
