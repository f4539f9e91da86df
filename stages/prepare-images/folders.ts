import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftBehind, isPicture } from 'stillroom/nn';
import { byBytes, orderClasses, SourceProblem } from './collection.ts';
import type { Collection, Item } from './collection.ts';

/** All files below a folder as paths with `/`, in byte order. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/')).sort(byBytes);
}

/** The folders directly below a place that hold pictures however deep, with how many; the place ends in `/`, or is empty. */
export function classFolders(files: readonly string[], place = ''): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of files) {
    if (!name.startsWith(place) || !isPicture(name)) continue;
    const [folder = '', ...rest] = name.slice(place.length).split('/');
    if (rest.length > 0) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return counts;
}

/** The one folder that class folders lie in, and no picture beside them: `photos/` of `photos/cat` and `photos/dog`; else empty. */
function wrapperOf(files: readonly string[]): string {
  let place = '';
  for (;;) {
    const [only, ...others] = classFolders(files, place).keys();
    if (only === undefined || others.length > 0) return place;
    const inside = `${place}${only}/`;
    const isFlat = files.some((name) => isPicture(name) && name.startsWith(inside) && !name.slice(inside.length).includes('/'));
    if (isFlat || classFolders(files, inside).size < 2) return place;
    place = inside;
  }
}

/** A folder of class folders: each file below `<class>/` is an image of that class, however deep. */
export function readFolders(
  folder: string,
  files: readonly string[],
  { given, places }: { readonly given: readonly string[]; readonly places?: readonly string[] },
): Collection {
  const wrapper = places === undefined ? wrapperOf(files) : '';
  const within = places?.map((place) => `${place}/`) ?? [wrapper];
  const found: { name: string; label: string }[] = [];
  const ignored: string[] = [];
  for (const name of files) {
    const place = within.find((one) => name.startsWith(one));
    const [label = '', ...rest] = name.slice(place?.length ?? 0).split('/');
    if (place !== undefined && rest.length > 0 && !isLeftBehind(name)) found.push({ name, label });
    else if (place !== undefined || places === undefined) ignored.push(name);
  }
  if (found.length === 0) {
    const alone = files.filter((name) => isPicture(name)).length;
    throw new SourceProblem(
      alone === 0
        ? 'the source holds no class folders with images'
        : `the source holds ${alone} images, but no class folders and no table of labels`,
      alone === 0
        ? 'Give a folder of class folders, idx files, or a CSV of path,label.'
        : 'Give the folder above it if it is one class of several, or a CSV of path,label as the input `labels`.',
    );
  }
  const classes = orderClasses(
    found.map(({ label }) => label),
    given,
  );
  const items = found.map(({ name, label }): Item => ({ name, label: classes.indexOf(label), read: () => readFile(join(folder, name)) }));
  const notes = wrapper === '' ? [] : [`the class folders lie in ${wrapper}`];
  return { classes, items, ignored, missing: [], notes };
}
