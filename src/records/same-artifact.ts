import type { Artifact, Manifest } from '../model/artifact.ts';
import { ATTRIBUTES_SINCE } from '../model/run.ts';

/** How artifacts of two records are read: by what the former of their formats knew. */
export interface Reading {
  readonly format: number;
  /** A folder's manifest by digest, where it still is. */
  readonly manifest: (digest: string) => Manifest | undefined;
}

/** A folder's content as far as the format knew it. */
function contentOf({ digest }: Artifact, { format, manifest }: Reading): Manifest | undefined {
  const content = manifest(digest);
  return content === undefined || format >= ATTRIBUTES_SINCE ? content : { ...content, emptyFolders: [] };
}

/** Whether two artifacts are the same, as far as the format knew them. */
export function isSameArtifact(a: Artifact, b: Artifact, reading: Reading): boolean {
  if (a.kind !== b.kind) return false;
  if (a.digest === b.digest) return a.executable === b.executable || reading.format < ATTRIBUTES_SINCE;
  if (a.kind === 'file' || reading.format >= ATTRIBUTES_SINCE) return false;
  return contentOf(a, reading) !== undefined && contentOf(b, reading) !== undefined && firstDifference(a, b, reading) === null;
}

/** Of two artifacts that differ in it, the executable bit; of folders the first thing, in the order of paths, that they do not share. */
export function firstDifference(a: Artifact, b: Artifact, reading: Reading): string | null {
  if (a.kind === 'file')
    return a.executable === b.executable ? null : `may be executed: ${a.executable === true} → ${b.executable === true}`;
  const [before, after] = [contentOf(a, reading), contentOf(b, reading)];
  if (before === undefined || after === undefined) return null;
  const now = new Map(after.files.map((entry) => [entry.path, entry]));
  for (const { path, digest, executable } of before.files) {
    const other = now.get(path);
    if (other === undefined) return `${path} (gone)`;
    if (other.digest !== digest) return path;
    if (other.executable !== executable) return `${path} (may be executed: ${executable} → ${other.executable})`;
  }
  const known = new Set(before.files.map(({ path }) => path));
  const added = after.files.find(({ path }) => !known.has(path));
  if (added !== undefined) return `${added.path} (new)`;
  const gone = before.emptyFolders.find((folder) => !after.emptyFolders.includes(folder));
  const fresh = after.emptyFolders.find((folder) => !before.emptyFolders.includes(folder));
  return gone !== undefined ? `${gone}/ (empty folder, gone)` : fresh !== undefined ? `${fresh}/ (empty folder, new)` : null;
}
