import { type BigIntStats, type Dirent, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { canonicalJson } from '../../model/canonical.ts';
import type { ManifestEntry } from '../../model/artifact.ts';
import { done, failed, type Outcome } from '../../model/problem.ts';
import { fileStamp } from './stamps.ts';

/** A file found below a folder. */
export interface FoundFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly absolute: string;
  readonly stats: BigIntStats;
}

function refusal(path: string, why: string): Outcome<never> {
  return failed({ kind: 'stage', code: 'refused-file', message: `${path}: ${why}`, hint: 'keep only plain files and folders there' });
}

/** What a link leads to; undefined where that is nothing, or a circle. */
function statOfTarget(link: string): BigIntStats | undefined {
  try {
    return statSync(link, { bigint: true });
  } catch {
    return undefined;
  }
}

/** All files below a folder in the byte order of their paths. Links are followed if they stay inside; sockets, devices and names that are not UTF-8 are refused. */
export function listFolder(folder: string): Outcome<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const visit = (at: string, prefix: string): Outcome<undefined> => {
    const entries: Dirent<Buffer>[] = readdirSync(at, { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries) {
      const name = entry.name.toString('utf8');
      const absolute = join(at, name);
      if (Buffer.compare(Buffer.from(name), entry.name) !== 0) return refusal(absolute, 'its name is not valid UTF-8');
      if (entry.isSymbolicLink()) {
        const target = resolve(dirname(absolute), readlinkSync(absolute));
        const outside = relative(folder, target).startsWith('..') || relative(folder, target) === '';
        if (outside) return refusal(absolute, 'it is a link that leaves the folder');
        const stats = statOfTarget(absolute);
        if (stats === undefined) return refusal(absolute, 'it is a link to nothing');
        if (!stats.isFile()) return refusal(absolute, 'it is a link to a folder');
        found.push({ path: prefix + name, absolute, stats });
      } else if (entry.isDirectory()) {
        const inner = visit(absolute, `${prefix}${name}/`);
        if (!inner.ok) return inner;
      } else if (entry.isFile()) found.push({ path: prefix + name, absolute, stats: lstatSync(absolute, { bigint: true }) });
      else return refusal(absolute, 'it is neither a file nor a folder');
    }
    return done(undefined);
  };
  const walked = visit(folder, '');
  if (!walked.ok) return walked;
  return done(found.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))));
}

/** A folder's manifest as bytes: equal content gives equal bytes, whoever wrote it and under whatever umask. */
export function manifestBytes(entries: readonly ManifestEntry[]): Buffer {
  return Buffer.from(canonicalJson(entries.map(({ path, size, digest, executable }) => ({ path, size, digest, executable }))));
}

function isEntry(value: unknown): value is ManifestEntry {
  const { path, size, digest, executable } = (value ?? {}) as Partial<ManifestEntry>;
  const isPath = typeof path === 'string' && !path.includes('\0') && path.split('/').every((step) => !['', '.', '..'].includes(step));
  const isDigest = typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest);
  return isPath && isDigest && Number.isSafeInteger(size) && (size ?? -1) >= 0 && typeof executable === 'boolean';
}

/** Reads a manifest back; undefined if it is not one, or names a path that leaves the folder or stands for a file and a folder. */
export function readManifest(bytes: Uint8Array): readonly ManifestEntry[] | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(entries) || !entries.every(isEntry)) return undefined;
  const paths = new Set(entries.map(({ path }) => path));
  const isFolderToo = ({ path }: ManifestEntry): boolean =>
    path.split('/').some((_, index, steps) => index > 0 && paths.has(steps.slice(0, index).join('/')));
  return paths.size < entries.length || entries.some(isFolderToo) ? undefined : entries;
}

/** Whether anyone may execute a file. */
export function isExecutable(stats: BigIntStats): boolean {
  return (stats.mode & 0o111n) !== 0n;
}

/** How all files at or below a path stand, as one text. */
export function stampTree(path: string): string {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  if (!stats.isDirectory()) return fileStamp(stats);
  const listed = listFolder(path);
  return listed.ok ? listed.value.map((file) => `${file.path} ${fileStamp(file.stats)}`).join('\n') : 'refused';
}
