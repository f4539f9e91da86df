import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isWholeFolder, sealFolder } from '../../files/sealed-folder.ts';

/** The name of a complete checkpoint among those of a work. */
const COMPLETE = /^complete-(\d+)$/;

/**
 * The checkpoints of a work: folders, named by number once they are complete; the newest whole one counts. It and the one before it are kept,
 * and as long as the work goes on that which it started from. One that a power cut has torn is told by its digests.
 */
export class Checkpoints {
  private readonly root: string;
  private readonly start: number | undefined;
  private newest: number;

  /** Looks what is there, and removes what counts no more. */
  constructor(root: string) {
    this.root = root;
    const numbers = (existsSync(root) ? readdirSync(root) : []).flatMap((name) => Number(COMPLETE.exec(name)?.[1] ?? []));
    numbers.sort((a, b) => b - a);
    const start = numbers.find((number) => isWholeFolder(this.path(number)));
    const kept = numbers.filter((number) => start !== undefined && number <= start).slice(0, 2);
    for (const number of numbers) if (!kept.includes(number)) this.remove(number);
    this.start = start;
    this.newest = start ?? 0;
  }

  /** The folder that the work goes on from; undefined: it begins. */
  get folder(): string | undefined {
    return this.start === undefined ? undefined : this.path(this.start);
  }

  /** An empty folder for the next one. */
  open(): string {
    const next = join(this.root, `partial-${this.newest + 1}`);
    rmSync(next, { recursive: true, force: true });
    mkdirSync(next, { recursive: true });
    return next;
  }

  /** Makes a folder among them, to which nothing is written any more, the newest one; returns its name. Undefined: it lies elsewhere. */
  complete(path: string): string | undefined {
    const folder = resolve(this.root, path);
    if (dirname(folder) !== this.root || COMPLETE.test(basename(folder))) return undefined;
    sealFolder(folder);
    renameSync(folder, this.path(this.newest + 1));
    if (this.newest - 1 !== this.start) this.remove(this.newest - 1);
    this.newest += 1;
    return `complete-${this.newest}`;
  }

  private path(number: number): string {
    return join(this.root, `complete-${number}`);
  }

  /** On a file server a file that is still open, since it is being synced, keeps its folder; what is left of it goes with the others. */
  private remove(number: number): void {
    try {
      rmSync(this.path(number), { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
}
