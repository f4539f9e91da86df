import { randomBytes } from 'node:crypto';
import { chmodSync, type Dirent, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { removeMany } from './many-files.ts';
import { removeFile } from './remove-file.ts';

/** The error's code; throws what is no error of the system. */
function codeOf(error: unknown): string {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === undefined || (errno === undefined && !/^E[A-Z0-9]+$/.test(code))) throw error;
  return code;
}

/** Why something could not be done; undefined if it was, or what it was done to is gone. */
function failureOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    const why = codeOf(error);
    return why === 'ENOENT' ? undefined : why;
  }
}

/**
 * Removes a file or folder with all that is below, whatever left it: read-only folders, and such as are nested deeper than a path can name.
 * What refuses (immutable, mounted, someone else's) is stepped over and returned, each as its path with the system's word for why; nothing is
 * thrown for it. Links are not followed.
 */
export function removeTree(path: string): readonly string[] {
  // The quick way does for nearly everything.
  if (removeQuickly(path)) return [];
  const removal = new Removal(Buffer.from(path));
  removal.run();
  return removal.left;
}

/** Removes what nothing protects; Node's own way asks the system three times as much. False: something refused, or has a name that is no text. */
function removeQuickly(path: string): boolean {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) removeFolderQuickly(path);
    else if (stats !== undefined) unlinkSync(path);
    return true;
  } catch (error) {
    codeOf(error);
    return false;
  }
}

/** Files that are removed together, of several folders. */
const TOGETHER = 16_384;

/** So few are removed one by one. */
const FEW = 16;

function removeFolderQuickly(top: string): void {
  removeQuicklyIn(top);
  rmdirSync(top);
}

/** Removes all that is in a folder; false where something may have a name that is no text, which is left. */
function removeQuicklyIn(top: string): boolean {
  const folders = [top];
  let files: string[] = [];
  let isText = true;
  const removeFound = (): void => {
    if (files.length > FEW) removeMany(top, files);
    else for (const name of files) removeFile(`${top}/${name}`);
    files = [];
  };
  // Those that are found are looked through in turn.
  for (const folder of folders) {
    const below = folder === top ? '' : `${folder.slice(top.length + 1)}/`;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(`${folder}/${entry.name}`);
      else files.push(below + entry.name);
      isText &&= !entry.name.includes('\ufffd');
    }
    if (files.length >= TOGETHER) removeFound();
  }
  removeFound();
  for (const folder of folders.slice(1).reverse()) rmdirSync(folder);
  return isText;
}

/** Removes all that is in a folder, and not the folder; false where something may have stayed. */
export function removeInside(folder: string): boolean {
  try {
    return removeQuicklyIn(folder);
  } catch (error) {
    codeOf(error);
    return false;
  }
}

/** Bytes that a path may grow by below the top. */
const LONG = 1000;

/**
 * The removal of a tree part by part: a folder whose path has become long is moved up to the top and emptied there, so that no path grows
 * with the depth. Names are bytes: not all of them are text.
 */
class Removal {
  readonly left: string[] = [];
  private readonly top: Buffer;
  /** Folders that were moved up, still to be removed. */
  private readonly moved: Buffer[] = [];

  constructor(top: Buffer) {
    this.top = top;
  }

  run(): void {
    const stats = lstatSync(this.top, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (!stats.isDirectory()) {
      this.attempt(this.top, () => unlinkSync(this.top));
      return;
    }
    let isEmpty = this.empty(this.top);
    for (let folder = this.moved.pop(); folder !== undefined; folder = this.moved.pop()) isEmpty = this.removeFolder(folder) && isEmpty;
    if (isEmpty) this.attempt(this.top, () => rmdirSync(this.top));
  }

  /** Does something to a path; what fails is left. Returns whether it went well. */
  private attempt(path: Buffer, act: () => void): boolean {
    const why = failureOf(act);
    if (why !== undefined) this.left.push(`${path.toString()} (${why})`);
    return why === undefined;
  }

  private removeFolder(folder: Buffer): boolean {
    return this.empty(folder) && this.attempt(folder, () => rmdirSync(folder));
  }

  /** Removes all that is in a folder, or moves it up; false if something stayed in it. */
  private empty(folder: Buffer): boolean {
    // Its owner may list it and change what is in it.
    failureOf(() => chmodSync(folder, 0o700));
    let entries: Dirent<Buffer>[] = [];
    const list = (): void => {
      entries = readdirSync(folder, { withFileTypes: true, encoding: 'buffer' });
    };
    if (!this.attempt(folder, list)) return false;
    let isEmpty = true;
    for (const entry of entries) {
      const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      const isGone = entry.isDirectory() ? this.moveUp(path) || this.removeFolder(path) : this.attempt(path, () => unlinkSync(path));
      isEmpty &&= isGone;
    }
    return isEmpty;
  }

  /** Moves a folder up whose path has become long; false where that is not needed, or it cannot be moved, as a mount cannot. */
  private moveUp(folder: Buffer): boolean {
    if (folder.length - this.top.length < LONG) return false;
    const moved = Buffer.concat([this.top, Buffer.from(`/.${randomBytes(8).toString('hex')}`)]);
    failureOf(() => chmodSync(folder, 0o700));
    if (failureOf(() => renameSync(folder, moved)) !== undefined) return false;
    this.moved.push(moved);
    return true;
  }
}
