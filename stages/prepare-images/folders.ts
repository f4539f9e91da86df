import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byBytes, orderClasses, SourceProblem } from './collection.ts';
import type { Collection, Item } from './collection.ts';

const systemFiles = new Set(['Thumbs.db', 'desktop.ini']);

/** True for what an operating system leaves behind in folders; such files are reported and not read. */
function isSystemFile(name: string): boolean {
  return name.startsWith('.') || systemFiles.has(name);
}

/** All files below a folder as paths with `/`, in byte order. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/')).sort(byBytes);
}

/** A folder of class folders: each file below `<class>/` is an image of that class, however deep. */
export async function readFolders(folder: string, given: readonly string[]): Promise<Collection> {
  const found: { name: string; label: string }[] = [];
  const ignored: string[] = [];
  for (const name of await listFiles(folder)) {
    const [label = '', ...rest] = name.split('/');
    if (rest.length === 0 || name.split('/').some(isSystemFile)) ignored.push(name);
    else found.push({ name, label });
  }
  if (found.length === 0) {
    throw new SourceProblem(
      'the source holds no class folders with images',
      'Give a folder of class folders, idx files, or a CSV of path,label.',
    );
  }
  const classes = orderClasses(
    found.map(({ label }) => label),
    given,
  );
  const items = found.map(({ name, label }): Item => ({ name, label: classes.indexOf(label), read: () => readFile(join(folder, name)) }));
  return { classes, items, ignored };
}
