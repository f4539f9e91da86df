import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../model/canonical.ts';
import type { Artifact } from '../model/artifact.ts';
import type { Artifacts, Sources } from '../model/store.ts';

/** Larger files are not shown, nor folders of more files compared. */
const MOST = { bytes: 256 * 1024, files: 2000, shown: 20 };

/** The files of a source or an output, whether the store has them or they lie on the disk. */
export interface Files {
  /** By path: their sizes; of what is a file only that. Undefined where it is not there. */
  readonly sizes: ReadonlyMap<string, number> | undefined;
  read(path: string): Uint8Array | undefined;
}

/** A text file in two versions. */
export interface TextChange {
  /** Below the source or output; empty where that is a file. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** A source as the store keeps it. */
export function keptFiles(sources: Pick<Sources, 'manifest' | 'readFile'>, digest: string): Files {
  const files = sources.manifest(digest)?.files;
  const isFile = files?.length === 1 && files[0]?.digest === digest;
  const nameOf = (path: string): string => (isFile ? (files[0]?.path ?? path) : path);
  return {
    sizes: files === undefined ? undefined : new Map(files.map(({ path, size }) => [isFile ? '' : path, size])),
    read: (path) => sources.readFile(digest, nameOf(path)),
  };
}

/** An output as the store has it. */
export function outputFiles(artifacts: Pick<Artifacts, 'read' | 'manifest'>, { kind, digest, size }: Artifact): Files {
  if (kind === 'file') return { sizes: new Map([['', size]]), read: () => artifacts.read(digest) };
  const files = artifacts.manifest(digest)?.files;
  const digests = new Map(files?.map((file) => [file.path, file.digest]));
  return {
    sizes: files === undefined ? undefined : new Map(files.map((file) => [file.path, file.size])),
    read: (path) => artifacts.read(digests.get(path) ?? ''),
  };
}

/** A source as it lies on the disk. */
export function filesOnDisk(path: string): Files {
  const stats = statSync(path, { throwIfNoEntry: false });
  const read = (below: string): Uint8Array | undefined => {
    const file = below === '' ? path : join(path, below);
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file) : undefined;
  };
  if (stats === undefined) return { sizes: undefined, read };
  if (stats.isFile()) return { sizes: new Map([['', stats.size]]), read };
  const sizes = new Map<string, number>();
  addSizes(path, '', sizes);
  return { sizes, read };
}

function addSizes(folder: string, below: string, sizes: Map<string, number>): void {
  for (const name of readdirSync(join(folder, below)).sort()) {
    if (sizes.size > MOST.files) return;
    const path = below === '' ? name : `${below}/${name}`;
    const stats = lstatSync(join(folder, path));
    if (stats.isDirectory()) addSizes(folder, path, sizes);
    else if (stats.isFile()) sizes.set(path, stats.size);
  }
}

/** Bytes as text; undefined where they are none that a person reads. */
function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length > MOST.bytes || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text files that two versions do not share; none where one of them is gone, or is too large to look through. */
export function textChanges(before: Files, after: Files): readonly TextChange[] {
  const [old, now] = [before.sizes, after.sizes];
  if (old === undefined || now === undefined || old.size > MOST.files || now.size > MOST.files) return [];
  const changes: TextChange[] = [];
  for (const path of [...new Set([...old.keys(), ...now.keys()])].sort()) {
    if (Math.max(old.get(path) ?? 0, now.get(path) ?? 0) > MOST.bytes) continue;
    const [a, b] = [old.has(path) ? before.read(path) : new Uint8Array(), now.has(path) ? after.read(path) : new Uint8Array()];
    if (a === undefined || b === undefined || sha256(a) === sha256(b)) continue;
    const [from, to] = [textOf(a), textOf(b)];
    if (from !== undefined && to !== undefined) changes.push({ path, before: from, after: to });
    if (changes.length === MOST.shown) break;
  }
  return changes;
}
