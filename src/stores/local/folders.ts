import { type BigIntStats, type Dirent, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { isOutside } from '../../files/folder.ts';
import { isObject, parseJson } from '../../files/json.ts';
import { canonicalJson, isDigest } from '../../model/canonical.ts';
import type { Manifest, ManifestEntry } from '../../model/artifact.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { fileStamp } from '../../files/stamp.ts';

/** A file found below a folder. */
export interface FoundFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly absolute: string;
  readonly stats: BigIntStats;
}

/** What a folder holds, each list in the byte order of its paths. */
export interface Listing {
  readonly files: readonly FoundFile[];
  /** The paths of folders in which nothing is. */
  readonly emptyFolders: readonly string[];
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

/**
 * All that is below a folder, a store that lies in it (`without`) left out. Links are followed if they stay inside; sockets, devices and names
 * that are not UTF-8 are refused.
 */
export function listFolder(folder: string, without?: string): Outcome<Listing> {
  const files: FoundFile[] = [];
  const emptyFolders: string[] = [];
  const visit = (at: string, prefix: string): Outcome<undefined> => {
    const entries: Dirent<Buffer>[] = readdirSync(at, { withFileTypes: true, encoding: 'buffer' });
    if (entries.length === 0 && prefix !== '') emptyFolders.push(prefix.slice(0, -1));
    for (const entry of entries) {
      const name = entry.name.toString('utf8');
      const absolute = join(at, name);
      if (absolute === without) continue;
      if (Buffer.byteLength(prefix) + entry.name.length > LONGEST_PATH || Buffer.byteLength(absolute) > LONGEST_ABSOLUTE)
        return refusal(absolute, `it lies too deep: its path is longer than ${LONGEST_PATH} bytes`);
      if (Buffer.compare(Buffer.from(name), entry.name) !== 0) return refusal(absolute, 'its name is not valid UTF-8');
      if (entry.isSymbolicLink()) {
        const target = resolve(dirname(absolute), readlinkSync(absolute));
        const outside = isOutside(folder, target) || relative(folder, target) === '';
        if (outside) return refusal(absolute, 'it is a link that leaves the folder');
        const stats = statOfTarget(absolute);
        if (stats === undefined) return refusal(absolute, 'it is a link to nothing');
        if (!stats.isFile()) return refusal(absolute, 'it is a link to a folder');
        files.push({ path: prefix + name, absolute, stats });
      } else if (entry.isDirectory()) {
        const inner = visit(absolute, `${prefix}${name}/`);
        if (!inner.ok) return inner;
      } else if (entry.isFile()) files.push({ path: prefix + name, absolute, stats: lstatSync(absolute, { bigint: true }) });
      else return refusal(absolute, 'it is neither a file nor a folder');
    }
    return done(undefined);
  };
  const walked = visit(folder, '');
  if (!walked.ok) return walked;
  return done({ files: files.sort((a, b) => inByteOrder(a.path, b.path)), emptyFolders: emptyFolders.sort(inByteOrder) });
}

function inByteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * A folder's manifest as bytes: equal content gives equal bytes, whoever wrote it and under whatever umask. Without empty folders it is a
 * list of files, as it was before those were kept; with them it is a mapping, which readers of that time refuse.
 */
export function manifestBytes({ files, emptyFolders }: Manifest): Buffer {
  const entries = files.map(({ path, size, digest, executable }) => ({ path, size, digest, executable }));
  return Buffer.from(canonicalJson(emptyFolders.length === 0 ? entries : { files: entries, emptyFolders }));
}

function isInside(path: unknown): path is string {
  return typeof path === 'string' && !path.includes('\0') && path.split('/').every((step) => !['', '.', '..'].includes(step));
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
  const written = parseJson(Buffer.from(bytes).toString('utf8'), isWritten);
  if (written === undefined) return undefined;
  const manifest: Manifest = 'files' in written ? written : { files: written, emptyFolders: [] };
  const paths = [...manifest.files.map(({ path }) => path), ...manifest.emptyFolders];
  const known = new Set(paths);
  const isBelowAnother = (path: string): boolean =>
    path.split('/').some((_, index, steps) => index > 0 && known.has(steps.slice(0, index).join('/')));
  return known.size < paths.length || paths.some(isBelowAnother) ? undefined : manifest;
}

/** Whether anyone may execute a file. */
export function isExecutable(stats: BigIntStats): boolean {
  return (stats.mode & 0o111n) !== 0n;
}

/** How all that is at or below a path stands, as one text. */
export function stampTree(path: string, without?: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  if (!stats.isDirectory()) return fileStamp(stats);
  const listed = listFolder(path, without);
  if (!listed.ok) return 'refused';
  const { files, emptyFolders } = listed.value;
  return [...files.map((file) => `${file.path} ${fileStamp(file.stats)}`), ...emptyFolders.map((folder) => `${folder}/`)].join('\n');
}
