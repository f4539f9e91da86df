import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { nearestFile } from '../../text/suggestion.ts';

/** Names of a folder that are compared. */
const MOST = 1000;

/** The names in a folder; none where it cannot be read. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).slice(0, MOST);
  } catch {
    return [];
  }
}

/** A hint for a path at which nothing lies: what lies beside it by nearly that name, written from a folder; undefined where nothing does. */
export function nearbyPath(path: string, from: string): string | undefined {
  const name = basename(path);
  const near = nearestFile(name, namesIn(dirname(path)));
  if (near === undefined) return undefined;
  const shown = relative(from, join(dirname(path), near));
  return `did you mean "${shown.startsWith('.') ? shown : `./${shown}`}"?`;
}

/** Where a source was looked for. */
interface Sought {
  readonly file: string;
  readonly root: string;
  readonly from?: string;
  /** What else can be done. */
  readonly obtain: string;
  /** An option gave the path, so that it is relative to where the command was given. */
  readonly isOption: boolean;
}

/** What to do about a source at whose path nothing lies. */
export function missingSourceHint(written: string, path: string, { file, root, from = process.cwd(), obtain, isOption }: Sought): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(written))
    return 'a source is a file or folder of this machine: fetch it first, and name where it lies';
  if (written.startsWith('~')) return `"~" is not read here: write the whole path, or one from this file's folder; or ${obtain}`;
  const folder = isOption ? from : dirname(file);
  const below = join(root, written);
  if (!isOption && !written.startsWith('/') && existsSync(below))
    return `paths begin at this file's folder: write ${relative(folder, below)}`;
  const near = nearbyPath(path, folder);
  return near === undefined ? `looked at ${path}; ${obtain}` : `${near} (looked at ${path}); or ${obtain}`;
}
