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

const leftBehind = /(?:^|\/)(?:\.[^/]*|Thumbs\.db|desktop\.ini)(?:\/|$)/;

/** Finds the pictures of a folder, however deep. */
export async function findPictures(folder: string): Promise<FoundPictures> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  const isPicture = (name: string): boolean => picture.test(name) && !leftBehind.test(name);
  return { pictures: names.filter(isPicture), others: names.filter((name) => !isPicture(name)) };
}
