import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { liesIn } from './layout.ts';

/** Bytes of a script that is looked through. */
const LARGEST = 4 * 1024 * 1024;

/** Files that a command needs though DVC was not told of them. */
export interface Unnamed {
  readonly path: string;
  /** Who names it. */
  readonly by: string;
}

/** Where a command works, and what it has already. */
export interface Looking {
  /** The folder of `dvc.yaml`, absolute. */
  readonly root: string;
  /** Where the command works, relative to that. */
  readonly folder: string;
  /** Paths that it is given, and that it or others write. */
  readonly given: readonly string[];
  readonly written: readonly string[];
}

/** The files that a command's words name, and the modules that its Python scripts import, as far as they are the project's own. */
export function unnamedFiles(command: string, looking: Looking): Unnamed[] {
  const { root, folder, given } = looking;
  const found: Unnamed[] = [];
  const isKnown = (path: string): boolean => [...given, ...found.map((one) => one.path)].some((one) => liesIn(path, one));
  const add = (path: string, by: string): void => {
    if (!isKnown(path) && mayBeGiven(path, looking)) found.push({ path, by });
  };
  for (const word of wordsIn(command)) {
    const path = posix.join(folder, word);
    if (existsSync(join(root, path))) add(path.replace(/\/$/, ''), 'its command');
  }
  const modules = [...command.matchAll(/\s-m\s+([\w.]+)/g)].map(([, name = '']) => name);
  for (const name of modules) for (const path of moduleFiles(name, [folder], root)) add(path, 'its command');
  const scripts = [...given, ...found.map(({ path }) => path)].filter((path) => path.endsWith('.py'));
  const seen = new Set(scripts);
  for (let script = scripts.shift(); script !== undefined; script = scripts.shift()) {
    const above = posix.dirname(script);
    const paths = importsIn(textOf(join(root, script))).flatMap((name) => moduleFiles(name, [above, folder, '.'], root));
    for (const path of paths) {
      add(path, posix.basename(script));
      if (path.endsWith('.py') && !seen.has(path)) scripts.push(path);
      seen.add(path);
    }
  }
  return found;
}

/** Whether a script names a file in its text. */
export function namesFile(script: string, name: string): boolean {
  return textOf(script).includes(name);
}

/** A folder that holds what is written, or the project itself, is no input. */
function mayBeGiven(path: string, { written }: Looking): boolean {
  if (path === '.' || path.startsWith('..') || /(?:^|\/)(?:\.git|\.dvc|\.venv|venv|node_modules)(?:\/|$)/.test(path)) return false;
  return !written.some((one) => liesIn(one, path) || liesIn(path, one));
}

/** Words of a command that may be paths. */
function wordsIn(command: string): string[] {
  const words = command
    .split(/[\s"'=;|&()<>]+/)
    .filter((word) => /^[\w./-]+$/.test(word) && !word.startsWith('-') && !word.startsWith('/'));
  return [...new Set(words)];
}

function textOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size < LARGEST ? readFileSync(path, 'utf8') : '';
}

/** The modules that a Python text imports, with dots before those that it finds beside itself. */
function importsIn(text: string): string[] {
  const found: string[] = [];
  for (const [, from, names = '', imported = ''] of text.matchAll(
    /^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+\(?([\w, \t*]+)|import[ \t]+([\w., \t]+))/gm,
  )) {
    if (from === undefined) found.push(...imported.split(',').map((one) => one.trim().split(/\s/)[0] ?? ''));
    else
      found.push(...[from, ...names.split(',').map((one) => `${from}${from.endsWith('.') ? '' : '.'}${one.trim().split(/\s/)[0] ?? ''}`)]);
  }
  return [...new Set(found)].filter((name) => name !== '');
}

/** The files of a module where it is the project's: itself, or its folder, and what its packages begin with. */
function moduleFiles(name: string, folders: readonly string[], root: string): string[] {
  const dots = /^\.*/.exec(name)?.[0].length ?? 0;
  const steps = name
    .slice(dots)
    .split('.')
    .filter((step) => step !== '');
  const bases = dots === 0 ? folders : [posix.join(folders[0] ?? '.', ...Array<string>(dots - 1).fill('..'))];
  for (const base of new Set(bases)) {
    const found: string[] = [];
    for (const [index] of steps.entries()) {
      const path = posix.join(base, ...steps.slice(0, index + 1));
      if (isFile(join(root, `${path}.py`))) return [...found, `${path}.py`];
      if (!isFile(join(root, path, '__init__.py'))) break;
      found.push(posix.join(path, '__init__.py'));
    }
    if (found.length > 0) return found;
    // A folder without a beginning is a package too.
    const path = posix.join(base, ...steps);
    const inner = steps.length > 1 && isFile(join(root, `${path}.py`));
    if (inner) return [`${path}.py`];
  }
  return [];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
