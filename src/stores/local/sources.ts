import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { isObject } from '../../files/json.ts';
import { isDigest, sha256 } from '../../model/canonical.ts';
import type { Manifest, ManifestEntry } from '../../model/artifact.ts';
import type { Source } from '../../model/pipeline.ts';
import type { Snapshot, Sources } from '../../model/store.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { hashFile } from '../../files/hash.ts';
import type { Blobs } from './blobs.ts';
import { type FormerText, readSealed, writeSealed, writeSealedNote } from '../../files/sealed.ts';
import { ATTRIBUTES_SINCE, RECORD_FORMAT } from '../../model/run.ts';
import { type FoundFile, isExecutable, type Listing, listFolder, manifestBytes, readManifest } from './folders.ts';
import { packFiles, unpackFiles } from './packed-files.ts';
import { removeTree } from '../../files/remove.ts';
import { fileStamp, isFresh } from '../../files/stamp.ts';

/** Larger sources are kept in the store only if asked for. */
const LARGEST_KEPT = 256 * 1024 * 1024;

/** What is remembered of a source: each file's stamp and digest. */
interface SourceNote {
  readonly files: Readonly<Record<string, readonly [stamp: string, digest: string]>>;
}

function isSourceNote(value: unknown): value is SourceNote {
  return isObject(value) && isObject(value['files']) && Object.values(value['files']).every(Array.isArray);
}

/** Where a kept source's bytes are: all its files one after the other in one blob, and their manifest in another. */
export interface KeptSource {
  readonly kind: 'dir' | 'file';
  readonly manifest: string;
  readonly pack: string;
}

function isKeptSource(value: unknown): value is KeptSource {
  return isObject(value) && (value['kind'] === 'dir' || value['kind'] === 'file') && isDigest(value['manifest']) && isDigest(value['pack']);
}

/** A former Stillroom wrote kept sources without a seal. */
const former: FormerText = (value) => JSON.stringify(value);

/** Files and folders from outside, read once and then trusted as long as nothing about their files changes. */
export class LocalSources implements Sources {
  private readonly root: string;
  private readonly notes: string;
  private readonly scratch: string;
  private readonly folder: string;
  private readonly blobs: Blobs;

  constructor(root: string, blobs: Blobs) {
    this.root = root;
    this.notes = join(root, 'index', 'sources');
    this.scratch = join(root, 'scratch');
    this.folder = join(root, 'sources');
    this.blobs = blobs;
  }

  /** The manifest of a source as it stands now. */
  manifest(source: Source): Outcome<{ readonly kind: 'dir' | 'file'; readonly manifest: Manifest; readonly files: readonly FoundFile[] }> {
    const stats = statSync(source.path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return failed(missing(source));
    if (!stats.isDirectory() && !stats.isFile()) return failed(refused(source, `${source.path} is neither a file nor a folder`));
    const kind = stats.isDirectory() ? 'dir' : 'file';
    const listed: Outcome<Listing> =
      kind === 'dir'
        ? listFolder(source.path, this.root)
        : done({ files: [{ path: basename(source.path), absolute: source.path, stats }], emptyFolders: [] });
    if (!listed.ok) return failed(...listed.problems.map(({ message }) => refused(source, message)));
    const noteFile = join(this.notes, `${sha256(source.path)}.json`);
    const known = readSealed(noteFile, isSourceNote) ?? { files: {} };
    const files: Record<string, readonly [string, string]> = {};
    let changed = Object.keys(known.files).length !== listed.value.files.length;
    const entries: ManifestEntry[] = [];
    for (const file of listed.value.files) {
      const stamp = fileStamp(file.stats);
      const noted = known.files[file.path];
      const digest = noted?.[0] === stamp ? noted[1] : hashFile(file.absolute);
      if (noted?.[0] !== stamp || isFresh(file.stats)) changed = true;
      files[file.path] = [isFresh(file.stats) ? '' : stamp, digest];
      entries.push({ path: file.path, size: Number(file.stats.size), digest, executable: isExecutable(file.stats) });
    }
    if (changed) writeSealedNote(noteFile, { files });
    return done({ kind, manifest: { files: entries, emptyFolders: listed.value.emptyFolders }, files: listed.value.files });
  }

  snapshot(source: Source, format: number = RECORD_FORMAT): Outcome<Snapshot> {
    const read = this.manifest(source);
    if (!read.ok) return read;
    const { kind, manifest } = read.value;
    const size = sizeOf(manifest);
    const [file] = manifest.files;
    if (kind === 'file') {
      const attributes = file?.executable === true ? { executable: true as const } : {};
      return done({ kind, digest: file?.digest ?? '', size, suffix: extname(source.path), ...attributes });
    }
    const counted = format >= ATTRIBUTES_SINCE ? manifest : { ...manifest, emptyFolders: [] };
    return done({ kind, digest: sha256(manifestBytes(counted)), size, suffix: '' });
  }

  /** Packs a source's files into one blob, checking that they are still those of the snapshot. */
  keep(source: Source, snapshot: Snapshot): Outcome<boolean> {
    if (this.isKept(snapshot.digest)) return done(true);
    if (!(source.keep ?? snapshot.size <= LARGEST_KEPT)) return done(false);
    const read = this.manifest(source);
    if (!read.ok) return read;
    const { manifest: entries, files } = read.value;
    mkdirSync(this.scratch, { recursive: true });
    const folder = mkdtempSync(join(this.scratch, 'source-'));
    try {
      const pack = join(folder, 'pack');
      const changed = packFiles(pack, files, entries.files);
      if (changed !== undefined) return failed(changedWhileRead(source, changed));
      const manifest = this.blobs.add(manifestBytes(entries));
      const { digest } = this.blobs.take(pack);
      if (snapshot.digest !== (snapshot.kind === 'dir' ? manifest : digest)) return failed(changedWhileRead(source, source.path));
      const kept: KeptSource = { kind: snapshot.kind, manifest, pack: digest };
      writeSealed(join(this.folder, `${snapshot.digest}.json`), kept);
      return done(true);
    } finally {
      removeTree(folder);
    }
  }

  /** Where the bytes of a kept source are; undefined where there is no note of it. */
  record(digest: string): KeptSource | undefined {
    return readSealed(join(this.folder, `${digest}.json`), isKeptSource, former);
  }

  kept(digest: string): Snapshot | undefined {
    const record = this.record(digest);
    if (record === undefined || !this.isKept(digest)) return undefined;
    const manifest = readManifest(this.blobs.read(record.manifest) ?? new Uint8Array());
    const isExecutableFile = record.kind === 'file' && manifest?.files[0]?.executable === true;
    const size = manifest === undefined ? 0 : sizeOf(manifest);
    return { kind: record.kind, digest, size, suffix: '', ...(isExecutableFile ? { executable: true } : {}) };
  }

  private isKept(digest: string): boolean {
    const record = this.record(digest);
    return record !== undefined && this.blobs.state(record.manifest) === 'whole' && this.blobs.state(record.pack) === 'whole';
  }

  place(snapshot: Snapshot, path: string): boolean {
    const record = this.record(snapshot.digest);
    const bytes = record === undefined ? undefined : this.blobs.read(record.manifest);
    const manifest = bytes === undefined ? undefined : readManifest(bytes);
    if (record === undefined || manifest === undefined) return false;
    if (snapshot.kind === 'file') return this.blobs.place(record.pack, path, snapshot.executable === true);
    for (const folder of ['', ...manifest.emptyFolders]) mkdirSync(join(path, folder), { recursive: true });
    if (this.blobs.size(record.pack) === sizeOf(manifest) && unpackFiles(this.blobs.path(record.pack), manifest.files, path)) return true;
    // What was wrong goes to quarantine, so that it is kept again.
    this.blobs.state(record.pack, true);
    return false;
  }
}

/** Bytes of all files together. */
function sizeOf({ files }: Manifest): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function missing(source: Source): Problem {
  return {
    kind: 'pipeline',
    code: 'missing-source',
    message: `the source "${source.name}" does not exist`,
    hint: `looked at ${source.path}`,
  };
}

function refused(source: Source, why: string): Problem {
  return {
    kind: 'pipeline',
    code: 'refused-file',
    message: `the source "${source.name}" cannot be read: ${why}`,
    hint: 'keep only plain files and folders there',
  };
}

function changedWhileRead(source: Source, file: string): Problem {
  return {
    kind: 'stage',
    code: 'source-changed',
    message: `the source "${source.name}" changed while it was read: ${file}`,
    hint: 'run again when nobody writes to it',
  };
}
