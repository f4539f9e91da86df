import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a folder holds, by the files' paths in it with `/`, in byte order. */
export interface FoundPictures {
  /** What is a picture by its name: its suffix is one of those below, or it has none. */
  readonly pictures: readonly string[];
  /** All else: what is named otherwise, and what is hidden or left behind by systems. */
  readonly others: readonly string[];
}

/** Names of pictures of the kinds that are decoded. */
const picture = /(?:^|\/)(?:[^./]+|[^/]+\.(?:jpe?g|jpe|jfif|png|webp|tiff?|gif|avif|svgz?))$/i;

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

/** Finds the pictures of a folder, however deep. */
export async function findPictures(folder: string): Promise<FoundPictures> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return { pictures: names.filter(isPicture), others: names.filter((name) => !isPicture(name)) };
}
