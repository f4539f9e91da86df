import { type BigIntStats, type Dirent, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isOutside } from '../../files/folder.ts';
import { expectMany } from '../../files/beside.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';

/** How a folder is looked through. */
export interface Way {
  /** A store: it is left out, and where it lies in the folder so is what version control keeps for itself, which changes by itself too. */
  readonly without?: string;
  /** Links are followed wherever they lead, to folders too; otherwise only to files of the same folder. */
  readonly follow?: boolean;
}

/** Folders of version control. */
const BOOKKEEPING = new Set(['.git', '.hg', '.svn', '.jj']);

/** What to do about a link that following links would take. */
export const LINKED = 'put what the link leads to in its place';

/** Why something in a folder is refused, and what to do. */
export function refusal(path: string, why: string, hint = 'keep only plain files and folders there'): Outcome<never> {
  return failed({ kind: 'stage', code: 'refused-file', message: `${shownPath(path)}: ${why}`, hint });
}

/** Bytes of the longest path that a folder may hold, from itself on: no system call takes a path above 4095 bytes, and what is kept is placed elsewhere too. */
const LONGEST_PATH = 3072;
const LONGEST_ABSOLUTE = 4095;

/** A path as it stands in a message. */
function shownPath(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 150)}…${path.slice(-40)}`;
}

/** What a link leads to; undefined where that is nothing, or a circle. */
export function statOfTarget(link: string): BigIntStats | undefined {
  try {
    return statSync(link, { bigint: true });
  } catch {
    return undefined;
  }
}

/** A folder on the way through what is below another. */
interface Stop {
  readonly absolute: string;
  /** Where it really lies. */
  readonly real: string;
  /** What the paths below it begin with. */
  readonly prefix: string;
  /** Where the folders really lie that it is in, as far as links led to them. */
  readonly above: readonly string[];
  /** Whether it, or the folder that it was reached in, holds the store. */
  readonly holdsStore: boolean;
}

/** Finds all names below a folder. */
export class Walk {
  /** Of what is no folder, in the order of their bytes. */
  readonly paths: string[] = [];
  readonly emptyFolders: string[] = [];
  /** Whether a link to a folder was followed. */
  followed = false;
  /** Whether all paths are those of plain files, as far as their folders tell. */
  isPlain = true;
  private readonly start: Stop;
  private readonly store: string | undefined;
  private readonly follow: boolean;

  constructor(folder: string, { without, follow = false }: Way) {
    const real = realpathSync(folder);
    this.store = without !== undefined && lstatSync(without, { throwIfNoEntry: false }) !== undefined ? realpathSync(without) : without;
    this.start = { absolute: folder, real, prefix: '', above: [], holdsStore: this.isAboveStore(real) };
    this.follow = follow;
  }

  /** Takes in all that is below the folder; what refuses to be, if anything does. */
  all(): Outcome<undefined> {
    return this.visit(this.start);
  }

  private isAboveStore(real: string): boolean {
    return this.store !== undefined && !isOutside(real, this.store);
  }

  private visit({ absolute: at, real, prefix, above, holdsStore }: Stop): Outcome<undefined> {
    const entries = readdirSync(at, { withFileTypes: true });
    if (entries.length === 0 && prefix !== '') this.emptyFolders.push(prefix.slice(0, -1));
    const wrong = unreadableName(at, entries);
    if (wrong !== undefined) return refusal(join(at, wrong), 'its name is not valid UTF-8');
    expectMany(this.paths.length + entries.length);
    const longest = Math.min(LONGEST_PATH - Buffer.byteLength(prefix), LONGEST_ABSOLUTE - Buffer.byteLength(at) - 1);
    const [below, reallyBelow] = [slashed(at), slashed(real)];
    this.isPlain &&= entries.every((entry) => entry.isFile() || entry.isDirectory());
    const linked = this.follow ? foldersLinked(below, entries) : undefined;
    const isFolder = (entry: Dirent): boolean => entry.isDirectory() || linked?.has(entry.name) === true;
    // With a slash after those of folders, the names are in the order that all paths below them are in.
    for (const marked of inByteOrder(entries.map((entry) => (isFolder(entry) ? `${entry.name}/` : entry.name)))) {
      const isBelow = marked.endsWith('/');
      const name = isBelow ? marked.slice(0, -1) : marked;
      const absolute = below + name;
      if (reallyBelow + name === this.store || (holdsStore && BOOKKEEPING.has(name))) continue;
      if (Buffer.byteLength(name) > longest) return refusal(absolute, `it lies too deep: its path is longer than ${LONGEST_PATH} bytes`);
      if (isBelow) {
        const way = linked?.get(name);
        const next = { absolute, prefix: prefix + marked, holdsStore };
        const inner =
          way === undefined
            ? this.visit({ ...next, real: reallyBelow + name, above })
            : this.visitLinked({ ...next, real: way, above: [...above, real] });
        if (!inner.ok) return inner;
      } else this.paths.push(prefix + name);
    }
    return done(undefined);
  }

  /** Goes on into a folder that a link leads to, unless the link lies in that folder itself, or it is the store. */
  private visitLinked(stop: Stop): Outcome<undefined> {
    const { absolute, real, above, holdsStore } = stop;
    if (real === this.store) return done(undefined);
    if (above.some((folder) => !isOutside(real, folder)))
      return refusal(absolute, `it is a link to ${real}, in which it lies itself: it would never end`, 'remove that link');
    this.followed = true;
    return this.visit({ ...stop, holdsStore: holdsStore || this.isAboveStore(real) });
  }
}

const slashed = (folder: string): string => (folder.endsWith('/') ? folder : `${folder}/`);

/** Where the links of a folder that lead to folders lead, by their names. */
function foldersLinked(below: string, entries: readonly Dirent[]): ReadonlyMap<string, string> {
  const linked = new Map<string, string>();
  for (const entry of entries) {
    const target = entry.isSymbolicLink() ? statOfTarget(below + entry.name) : undefined;
    if (target?.isDirectory() === true) linked.set(entry.name, realpathSync(below + entry.name));
  }
  return linked;
}

/** A name in a folder that is not UTF-8, as it is shown; undefined where all are. */
function unreadableName(folder: string, entries: readonly Dirent[]): string | undefined {
  // What stands in place of bytes that are not UTF-8 may be a character of a name, too.
  if (!entries.some(({ name }) => name.includes('\ufffd'))) return undefined;
  const names = readdirSync(folder, 'buffer').map((bytes) => ({ bytes, name: bytes.toString('utf8') }));
  return names.find(({ bytes, name }) => !bytes.equals(Buffer.from(name)))?.name;
}

/** Paths in the order of their bytes; that of their characters is another where some are beyond U+FFFF. */
export function inByteOrder(paths: readonly string[]): string[] {
  if (paths.every((path) => Buffer.byteLength(path) === path.length)) return [...paths].sort();
  const bytes = paths.map((path) => Buffer.from(path).toString('latin1'));
  return bytes.sort().map((path) => Buffer.from(path, 'latin1').toString('utf8'));
}
