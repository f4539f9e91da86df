import { createHash } from 'node:crypto';
import { type BigIntStats, constants, lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { settle, tellsOfChanges } from '../../files/change-times.ts';
import { isOutside } from '../../files/folder.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { canonicalJson, isDigest, sha256 } from '../../model/canonical.ts';
import type { Manifest, ManifestEntry } from '../../model/artifact.ts';
import { done, type Outcome } from '../../model/problem.ts';
import { lookAt } from '../../files/many-files.ts';
import type { Look } from '../../files/many-work.ts';
import { changeOf, fileStamp, putStamp, STAMP_BYTES } from '../../files/stamp.ts';
import { inByteOrder, LINKED, refusal, statOfTarget, Walk, type Way } from './walk.ts';

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
  /** Links led out of it, or to folders. */
  readonly followed: boolean;
}

/** Bytes of files together. */
export function sizeOf(files: Iterable<{ readonly size: number }>): number {
  let sum = 0;
  for (const { size } of files) sum += size;
  return sum;
}

/**
 * All that is below a folder, but a store that lies in it. Links are followed if they stay inside, or wherever they lead; sockets, devices
 * and names that are not UTF-8 are refused.
 */
export function listFolder(folder: string, way: Way = {}): Outcome<Listing> {
  return listed(folder, way, 'stat');
}

/** The same with the digests of the files, where it holds plain ones alone: each is opened for both at once. */
export function readFolder(folder: string, way: Way): Outcome<Listing & { readonly digests?: Buffer }> {
  return listed(folder, way, 'stat and hash');
}

function listed(folder: string, way: Way, wanted: Look): Outcome<Listing & { readonly digests?: Buffer }> {
  const walk = new Walk(folder, way);
  const walked = walk.all();
  if (!walked.ok) return walked;
  const { learned, marks, digests } = lookAt(walk.isPlain ? wanted : 'stat', { folder, paths: walk.paths });
  const stamps = new BigInt64Array(learned);
  const files: FoundFile[] = [];
  let { followed } = walk;
  for (const [index, path] of walk.paths.entries()) {
    let [mode = 0, links = 0] = [marks[2 * index], marks[2 * index + 1]];
    if ((mode & constants.S_IFMT) === constants.S_IFLNK) {
      const target = targetOf(join(folder, path), folder, way);
      if (!target.ok) return target;
      const { stats } = target.value;
      putStamp(stamps, index, stats);
      [mode, links, followed] = [Number(stats.mode), Number(stats.nlink), followed || target.value.isOutside];
    } else if ((mode & constants.S_IFMT) !== constants.S_IFREG) return refusal(join(folder, path), 'it is neither a file nor a folder');
    files.push({ path, size: Number(stamps[4 * index]), executable: (mode & 0o111) !== 0, links });
  }
  const found = { folder, files, stamps, emptyFolders: inByteOrder(walk.emptyFolders), followed };
  return done(digests === undefined ? found : { ...found, digests: Buffer.from(digests) });
}

/** The file that a link leads to, and whether that lies elsewhere. */
function targetOf(
  link: string,
  folder: string,
  { follow = false }: Way,
): Outcome<{ readonly stats: BigIntStats; readonly isOutside: boolean }> {
  const target = resolve(dirname(link), readlinkSync(link));
  const outside = isOutside(folder, target) || relative(folder, target) === '';
  if (outside && !follow) return refusal(link, 'it is a link that leaves the folder', LINKED);
  const stats = statOfTarget(link);
  if (stats === undefined) return refusal(link, `it is a link to nothing${follow ? ` (${target})` : ''}`);
  if (stats.isFile()) return done({ stats, isOutside: outside });
  return follow ? refusal(link, 'it leads to neither a file nor a folder') : refusal(link, 'it is a link to a folder', LINKED);
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
  return { folder: dirname(absolute), files: [file], stamps, emptyFolders: [], followed: false };
}

/** Most bytes of an entry of a manifest beside its path, of which a character has up to six. */
const [LONGEST_ENTRY, LONGEST_CHARACTER] = [160, 6];

/**
 * A folder's manifest as bytes: equal content gives equal bytes, whoever wrote it and under whatever umask. Without empty folders it is a
 * list of files, as it was before those were kept; with them it is a mapping, which readers of that time refuse.
 */
export function manifestBytes({ files, emptyFolders }: Manifest): Buffer {
  // As canonical JSON has it, entry by entry: there may be a hundred thousand files. Of what is not used, nothing takes memory.
  const open = emptyFolders.length === 0 ? '[' : `{"emptyFolders":${canonicalJson(emptyFolders)},"files":[`;
  const longest = files.reduce((sum, { path }) => sum + LONGEST_ENTRY + LONGEST_CHARACTER * path.length, 2 + Buffer.byteLength(open));
  const bytes = Buffer.allocUnsafeSlow(longest);
  let end = bytes.write(open);
  for (const [index, entry] of files.entries()) end += bytes.write(`${index === 0 ? '' : ','}${entryText(entry)}`, end);
  end += bytes.write(emptyFolders.length === 0 ? ']' : ']}', end);
  return bytes.subarray(0, end);
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

/** What a stamp ends in of something of which a file has several names, where not all changes of its bytes show. */
export const UNSURE = ' unsure';

/** How all that is at or below a path stands, in few words. */
export function stampTree(path: string, without?: string): string {
  return standingAt(path, without).stamp;
}

/** What a path holds that has several names, and how all stands there. */
interface StandingFiles {
  readonly stamp: string;
  readonly linked: readonly string[];
  /** When one of those changed last. */
  readonly lastChangeNs: bigint;
}

/** The same with the files that have several names. */
function standingAt(path: string, without?: string): StandingFiles {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return standing('gone');
  if (!stats.isDirectory()) return stats.nlink > 1n ? standing(fileStamp(stats), [path], stats.ctimeNs) : standing(fileStamp(stats));
  const listed = listFolder(path, without === undefined ? {} : { without });
  return listed.ok ? standingListed(listed.value) : standing('refused');
}

/** How a folder stands that was listed. */
function standingListed(listing: Listing): StandingFiles {
  const { folder, files, stamps } = listing;
  const linked: string[] = [];
  let last = 0n;
  for (const [index, file] of files.entries()) {
    if (file.links < 2) continue;
    linked.push(join(folder, file.path));
    const { ctimeNs } = changeOf(stamps, index);
    if (ctimeNs > last) last = ctimeNs;
  }
  return standing(stampOf(listing, stamps), linked, last);
}

function standing(stamp: string, linked: readonly string[] = [], lastChangeNs = 0n): StandingFiles {
  const [first] = linked;
  return { stamp: first === undefined || tellsOfChanges(first) ? stamp : stamp + UNSURE, linked, lastChangeNs };
}

/** How what was just placed stands: every change of its bytes from now on shows in its stamp, unless that is unsure. */
export function settledStamp(path: string, without?: string): string {
  const { stamp, linked, lastChangeNs } = standingAt(path, without);
  if (linked.length > 0) settle(linked, lastChangeNs);
  return stamp;
}

/** The names in a folder, in the order of their bytes. */
interface Names {
  readonly files: readonly { readonly path: string }[];
  readonly emptyFolders: readonly string[];
}

/** The same of a folder of which it is known how its files stand, if each has but one name. */
export function stampOf(names: Names, stamps: BigInt64Array): string {
  return createHash('sha256')
    .update(sha256(pathsOf(names)))
    .update(stamps)
    .digest('hex');
}

/** The paths of a listing as one text: the files, and then the empty folders with a slash; each ended by a zero. */
export function pathsOf({ files, emptyFolders }: Names): string {
  return [...files.map(({ path }) => path), ...emptyFolders.map((folder) => `${folder}/`), ''].join('\0');
}
