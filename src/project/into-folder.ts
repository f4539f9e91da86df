import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolders } from '../files/folder.ts';
import { removeTree } from '../files/remove.ts';
import { done, failed, type Outcome } from '../model/problem.ts';

/** Whether something may be put into a folder: it is not there yet, or empty. */
export function checkFree(folder: string): Outcome<undefined> {
  if (!existsSync(folder)) return done(undefined);
  if (!statSync(folder).isDirectory())
    return failed({ kind: 'usage', code: 'folder-in-use', message: `${folder} is a file`, hint: 'give a new folder: --to FOLDER' });
  return readdirSync(folder).length > 0
    ? failed({ kind: 'usage', code: 'folder-in-use', message: `${folder} is not empty`, hint: 'give a new folder: --to FOLDER' })
    : done(undefined);
}

/**
 * Puts what is brought back into a folder as a whole: it is written beside it first, so what fails half-way leaves nothing there. With `force`
 * the folder may hold other things, which stay; files of the same name are replaced. What is put there may be written to.
 * @param fill writes into an empty folder
 */
export function intoFolder<Result>(folder: string, force: boolean, fill: (folder: string) => Outcome<Result>): Outcome<Result> {
  const free = checkFree(folder);
  const isFolder = existsSync(folder) && statSync(folder).isDirectory();
  if (!free.ok && !(force && isFolder)) {
    const orForce = isFolder ? ', or let what is there stay: stillroom restore … --force' : '';
    return failed(...free.problems.map((problem) => ({ ...problem, hint: `${problem.hint}${orForce}` })));
  }
  makeFolders(dirname(folder));
  const beside = mkdtempSync(join(dirname(folder), `.${basename(folder).slice(0, 40)}-`));
  try {
    const filled = fill(beside);
    if (!filled.ok) return filled;
    makeWritable(beside);
    moveInto(beside, folder);
    return filled;
  } finally {
    removeTree(beside);
  }
}

/** Gives all below a folder the permissions of files that one makes oneself. */
function makeWritable(folder: string): void {
  const masked = ~process.umask();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) chmodSync(path, ((statSync(path).mode & 0o111) === 0 ? 0o666 : 0o777) & masked);
  }
  chmodSync(folder, 0o777 & masked);
}

/** Moves what is in one folder into another, which keeps what else it holds. */
function moveInto(from: string, to: string): void {
  if (!existsSync(to)) return renameSync(from, to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    const isThere = existsSync(target);
    if (entry.isDirectory() && isThere && statSync(target).isDirectory()) moveInto(source, target);
    else {
      if (isThere && entry.isDirectory() !== statSync(target).isDirectory()) removeTree(target);
      mkdirSync(dirname(target), { recursive: true });
      renameSync(source, target);
    }
  }
}
