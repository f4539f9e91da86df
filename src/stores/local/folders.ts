import { createHash } from 'node:crypto';
import { type BigIntStats, constants, type Dirent, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isOutside } from '../../files/folder.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { canonicalJson, isDigest, sha256 } from '../../model/canonical.ts';
import type { Manifest, ManifestEntry } from '../../model/artifact.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { expectMany, lookAt } from '../../files/many-files.ts';
import { fileStamp, putStamp, STAMP_BYTES } from '../../files/stamp.ts';

/** A file found below a folder: what its link leads to where it is one. */
export interface FoundFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
  /** How many names it has. */
  readonly links: number;
}

/** What a folder holds, each list in the byte order of its paths. */
export interface Listing {
  /** What the paths are below. */
  readonly folder: string;
  readonly files: readonly FoundFile[];
  /** How the files stand, in their order. */
  readonly stamps: BigInt64Array;
  /** The paths of folders in which nothing is. */
  readonly emptyFolders: readonly string[];
}

/** Bytes of files together. */
export function sizeOf(files: Iterable<{ readonly size: number }>): number {
  let sum = 0;
  for (const { size } of files) sum += size;
  return sum;
}

function refusal(path: string, why: string): Outcome<never> {
  return failed({
    kind: 'stage',
    code: 'refused-file',
    message: `${shownPath(path)}: ${why}`,
    hint: 'keep only plain files and folders there',
  });
}

/** Bytes of the longest path that a folder may hold, from itself on: no system call takes a path above 4095 bytes, and what is kept is placed elsewhere too. */
const LONGEST_PATH = 3072;
const LONGEST_ABSOLUTE = 4095;

/** A path as it stands in a message. */
function shownPath(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 150)}…${path.slice(-40)}`;
}

/** What a link leads to; undefined where that is nothing, or a circle. */
function statOfTarget(link: string): BigIntStats | undefined {
  try {
    return statSync(link, { bigint: true });
  } catch {
    return undefined;
  }
}

/** A folder on the way through what is below another. */
interface Stop {
  readonly absolute: string;
  /** What the paths below it begin with. */
  readonly prefix: string;
}

/** Finds all names below a folder. */
class Walk {
  /** Of what is no folder, in the order of their bytes. */
  readonly paths: string[] = [];
  readonly emptyFolders: string[] = [];
  private readonly without: string | undefined;

  constructor(without: string | undefined) {
    this.without = without;
  }

  /** Takes in what is below a folder; what refuses to be, if anything does. */
  visit({ absolute: at, prefix }: Stop): Outcome<undefined> {
    const entries = readdirSync(at, { withFileTypes: true });
    if (entries.length === 0 && prefix !== '') this.emptyFolders.push(prefix.slice(0, -1));
    const wrong = unreadableName(at, entries);
    if (wrong !== undefined) return refusal(join(at, wrong), 'its name is not valid UTF-8');
    expectMany(this.paths.length + entries.length);
    const longest = Math.min(LONGEST_PATH - Buffer.byteLength(prefix), LONGEST_ABSOLUTE - Buffer.byteLength(at) - 1);
    const below = at.endsWith('/') ? at : `${at}/`;
    // With a slash after those of folders, the names are in the order that all paths below them are in.
    for (const marked of inByteOrder(entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)))) {
      const isFolder = marked.endsWith('/');
      const name = isFolder ? marked.slice(0, -1) : marked;
      const absolute = below + name;
      if (absolute === this.without) continue;
      if (Buffer.byteLength(name) > longest) return refusal(absolute, `it lies too deep: its path is longer than ${LONGEST_PATH} bytes`);
      if (isFolder) {
        const inner = this.visit({ absolute, prefix: prefix + marked });
        if (!inner.ok) return inner;
      } else this.paths.push(prefix + name);
    }
    return done(undefined);
  }
}

/** A name in a folder that is not UTF-8, as it is shown; undefined where all are. */
function unreadableName(folder: string, entries: readonly Dirent[]): string | undefined {
  // What stands in place of bytes that are not UTF-8 may be a character of a name, too.
  if (!entries.some(({ name }) => name.includes('\ufffd'))) return undefined;
  const names = readdirSync(folder, 'buffer').map((bytes) => ({ bytes, name: bytes.toString('utf8') }));
  return names.find(({ bytes, name }) => !bytes.equals(Buffer.from(name)))?.name;
}

/**
 * All that is below a folder, a store that lies in it (`without`) left out. Links are followed if they stay inside; sockets, devices and names
 * that are not UTF-8 are refused.
 */
export function listFolder(folder: string, without?: string): Outcome<Listing> {
  const walk = new Walk(without);
  const walked = walk.visit({ absolute: folder, prefix: '' });
  if (!walked.ok) return walked;
  const { learned, marks } = lookAt('stat', { folder, paths: walk.paths });
  const stamps = new BigInt64Array(learned);
  const files: FoundFile[] = [];
  for (const [index, path] of walk.paths.entries()) {
    let [mode = 0, links = 0] = [marks[2 * index], marks[2 * index + 1]];
    if ((mode & constants.S_IFMT) === constants.S_IFLNK) {
      const target = targetOf(join(folder, path), folder);
      if (!target.ok) return target;
      putStamp(stamps, index, target.value);
      [mode, links] = [Number(target.value.mode), Number(target.value.nlink)];
    } else if ((mode & constants.S_IFMT) !== constants.S_IFREG) return refusal(join(folder, path), 'it is neither a file nor a folder');
    files.push({ path, size: Number(stamps[4 * index]), executable: (mode & 0o111) !== 0, links });
  }
  return done({ folder, files, stamps, emptyFolders: inByteOrder(walk.emptyFolders) });
}

/** The file that a link leads to, which lies in the same folder. */
function targetOf(link: string, folder: string): Outcome<BigIntStats> {
  const target = resolve(dirname(link), readlinkSync(link));
  const outside = isOutside(folder, target) || relative(folder, target) === '';
  if (outside) return refusal(link, 'it is a link that leaves the folder');
  const stats = statOfTarget(link);
  if (stats === undefined) return refusal(link, 'it is a link to nothing');
  return stats.isFile() ? done(stats) : refusal(link, 'it is a link to a folder');
}

/** A file alone, as a folder that holds just it would list it. */
export function listFile(absolute: string, stats: BigIntStats): Listing {
  const stamps = new BigInt64Array(STAMP_BYTES / 8);
  putStamp(stamps, 0, stats);
  const file = {
    path: basename(absolute),
    size: Number(stats.size),
    executable: isExecutable(stats),
    links: Number(stats.nlink),
  };
  return { folder: dirname(absolute), files: [file], stamps, emptyFolders: [] };
}

/** Paths in the order of their bytes; that of their characters is another where some are beyond U+FFFF. */
function inByteOrder(paths: readonly string[]): string[] {
  if (paths.every((path) => Buffer.byteLength(path) === path.length)) return [...paths].sort();
  const bytes = paths.map((path) => Buffer.from(path).toString('latin1'));
  return bytes.sort().map((path) => Buffer.from(path, 'latin1').toString('utf8'));
}

/** Entries of a manifest that are written at once. */
const AT_ONCE = 1000;

/**
 * A folder's manifest as bytes: equal content gives equal bytes, whoever wrote it and under whatever umask. Without empty folders it is a
 * list of files, as it was before those were kept; with them it is a mapping, which readers of that time refuse.
 */
export function manifestBytes({ files, emptyFolders }: Manifest): Buffer {
  // As canonical JSON has it, part by part: there may be a hundred thousand files.
  const parts: Buffer[] = [];
  const open = emptyFolders.length === 0 ? '[' : `{"emptyFolders":${canonicalJson(emptyFolders)},"files":[`;
  for (let from = 0; from < files.length || from === 0; from += AT_ONCE) {
    const written = files
      .slice(from, from + AT_ONCE)
      .map(entryText)
      .join(',');
    parts.push(Buffer.from(`${from === 0 ? open : ','}${written}`));
  }
  return Buffer.concat([...parts, Buffer.from(emptyFolders.length === 0 ? ']' : ']}')]);
}

function entryText({ path, size, digest, executable }: ManifestEntry): string {
  return `{"digest":"${digest}","executable":${executable},"path":${JSON.stringify(path)},"size":${size}}`;
}

function isInside(path: unknown): path is string {
  return typeof path === 'string' && !path.includes('\0') && !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
}

function isEntry(value: unknown): value is ManifestEntry {
  const { path, size, digest, executable } = (value ?? {}) as Partial<ManifestEntry>;
  return isInside(path) && isDigest(digest) && Number.isSafeInteger(size) && (size ?? -1) >= 0 && typeof executable === 'boolean';
}

const areEntries = (value: unknown): value is readonly ManifestEntry[] => Array.isArray(value) && value.every(isEntry);

/** Whether a value is one of the two forms of a manifest: that of a folder without empty ones is the list of its files. */
function isWritten(value: unknown): value is Manifest | readonly ManifestEntry[] {
  if (!isObject(value)) return areEntries(value);
  const { files, emptyFolders } = value;
  return areEntries(files) && Array.isArray(emptyFolders) && emptyFolders.every(isInside);
}

/** Reads a manifest back; undefined if it is not one, or names a path that leaves the folder or stands for two things. */
export function readManifest(bytes: Uint8Array): Manifest | undefined {
  const written = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), isWritten);
  if (written === undefined) return undefined;
  const manifest: Manifest = 'files' in written ? written : { files: written, emptyFolders: [] };
  const paths = [...manifest.files.map(({ path }) => path), ...manifest.emptyFolders];
  const known = new Set(paths);
  return known.size < paths.length || foldersOf(paths).some((folder) => known.has(folder)) ? undefined : manifest;
}

/** All folders that paths lie in, each once. */
export function foldersOf(paths: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const path of paths)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  return [...folders];
}

/** Whether anyone may execute a file. */
export function isExecutable(stats: BigIntStats): boolean {
  return (stats.mode & 0o111n) !== 0n;
}

/** What the stamp of something ends in of which a file has several names. */
export const SHARED = ' shared';

/** How all that is at or below a path stands, in few words. */
export function stampTree(path: string, without?: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  if (!stats.isDirectory()) return fileStamp(stats) + (stats.nlink > 1n ? SHARED : '');
  const listed = listFolder(path, without);
  if (!listed.ok) return 'refused';
  const { files, stamps } = listed.value;
  const hash = createHash('sha256')
    .update(sha256(pathsOf(listed.value)))
    .update(stamps);
  return hash.digest('hex') + (files.some(({ links }) => links > 1) ? SHARED : '');
}

/** The paths of a listing as one text: the files, and then the empty folders with a slash; each ended by a zero. */
export function pathsOf({ files, emptyFolders }: Listing): string {
  return [...files.map(({ path }) => path), ...emptyFolders.map((folder) => `${folder}/`), ''].join('\0');
}
