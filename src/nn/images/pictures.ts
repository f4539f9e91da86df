import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What a folder holds, by the files' paths in it with `/`, in byte order. */
export interface FoundPictures {
  /** What is a picture by its name: its suffix is one of those below, or it has none. */
  readonly pictures: readonly string[];
  /** All else: what is named otherwise, and what is hidden or left behind by systems. */
  readonly others: readonly string[];
}

/** Names of pictures: of the kinds that are decoded, and of those of which it is worth saying that they are not. */
const picture = /(?:^|\/)(?:[^./]+|[^/]+\.(?:jpe?g|jpe|jfif|png|webp|tiff?|gif|avif|svgz?|hei[cf]|bmp|jp2))$/i;

/** What systems and programs leave in folders: of macOS, Windows, network disks. */
const leftBehind =
  /(?:^|\/)(?:\.[^/]*|__MACOSX|Icon\r|(?:eh)?thumbs\.db|desktop\.ini|\$RECYCLE\.BIN|@eaDir|[^/]*:Zone\.Identifier)(?:\/|$)/i;

/** Whether a path is of something hidden, or that a system left behind: nobody means it when they name a folder of pictures. */
export function isLeftBehind(path: string): boolean {
  return leftBehind.test(path);
}

/** Whether a path is that of a picture by its name: its suffix is of a kind that is decoded, or it has none. */
export function isPicture(path: string): boolean {
  return picture.test(path) && !leftBehind.test(path);
}

/** The paths of the files below a folder, those of linked folders among them, unless they lead back to one that they are in. */
async function filesBelow(folder: string, above: readonly string[] = []): Promise<string[]> {
  const real = await realpath(folder);
  if (above.includes(real)) return [];
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const leadsTo = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (leadsTo?.isDirectory() !== true) names.push(entry.name);
    else for (const name of await filesBelow(path, [...above, real])) names.push(`${entry.name}/${name}`);
  }
  return names;
}

/** Finds the pictures of a folder, however deep. */
export async function findPictures(folder: string): Promise<FoundPictures> {
  const names = (await filesBelow(folder)).sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return { pictures: names.filter(isPicture), others: names.filter((name) => !isPicture(name)) };
}
