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
        const stats = statSync(absolute, { bigint: true, throwIfNoEntry: false });
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

/** Reads a manifest back; undefined if it is not one. */
export function readManifest(bytes: Uint8Array): readonly ManifestEntry[] | undefined {
  try {
    const entries = JSON.parse(Buffer.from(bytes).toString('utf8')) as ManifestEntry[];
    const isSafe = ({ path }: ManifestEntry): boolean => !path.startsWith('/') && !path.split('/').includes('..');
    return Array.isArray(entries) && entries.every(isSafe) ? entries : undefined;
  } catch {
    return undefined;
  }
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
