import { existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { isObject } from '../../files/json.ts';
import { isDigest, sha256 } from '../../model/canonical.ts';
import type { Manifest } from '../../model/artifact.ts';
import type { Source } from '../../model/pipeline.ts';
import type { Snapshot, Sources } from '../../model/store.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import { lookAt } from '../../files/many-files.ts';
import type { Blobs } from './blobs.ts';
import { type FormerText, readSealed, writeSealed } from '../../files/sealed.ts';
import { ATTRIBUTES_SINCE, RECORD_FORMAT } from '../../model/run.ts';
import { listFile, listFolder, manifestBytes, readFolder, readManifest, sizeOf, settledStamp, stampOf } from './folders.ts';
import { Pack, unpackFiles } from './packed-files.ts';
import { LINKED } from './walk.ts';
import { isAsNoted, type Listed, manifestOf, noteOf, notedDigests, readNote, writeNote } from './source-notes.ts';
import { ifPossible } from '../../files/durable.ts';
import { digestAt } from '../../files/digests.ts';
import { removeTree } from '../../files/remove.ts';

/** Larger sources are kept in the store only if asked for. */
const LARGEST_KEPT = 256 * 1024 * 1024;

/** Where a kept source's bytes are: all its files one after the other in one blob, and their manifest in another. */
export interface KeptSource {
  readonly kind: 'dir' | 'file';
  readonly manifest: string;
  readonly pack: string;
}

function isKeptSource(value: unknown): value is KeptSource {
  return isObject(value) && (value['kind'] === 'dir' || value['kind'] === 'file') && isDigest(value['manifest']) && isDigest(value['pack']);
}

/** What a source holds. */
interface Reading extends Listed {
  readonly digest: string;
  /** Where files of it had to be read: its manifest, and the bytes of that. */
  readonly manifest?: { readonly value: Manifest; readonly bytes: Uint8Array };
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
  /** The manifest that was used last, by its own digest: that of many files takes as long to read as to stat them. */
  private latest: { readonly digest: string; readonly manifest: Manifest } | undefined;

  constructor(root: string, blobs: Blobs) {
    this.root = root;
    this.notes = join(root, 'index', 'sources');
    this.scratch = join(root, 'scratch');
    this.folder = join(root, 'sources');
    this.blobs = blobs;
  }

  /** All that a source holds; `isRead`: what files hold is wanted too. */
  private list(source: Source, isRead = false): Outcome<Listed> {
    const since = Date.now();
    const stats = statSync(source.path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return failed(missing(source));
    if (stats.isDirectory()) {
      const way = { without: this.root, follow: source.links === 'follow' };
      const listed = isRead ? readFolder(source.path, way) : listFolder(source.path, way);
      if (!listed.ok) return failed(...listed.problems.map(({ message, hint }) => refused(source, message, hint)));
      if (listed.value.followed && source.keep === false) return failed(mustBeKept(source));
      return done({ kind: 'dir', since, ...listed.value });
    }
    if (!stats.isFile()) return failed(refused(source, `${source.path} is neither a file nor a folder`));
    return done({ kind: 'file', since, ...listFile(source.path, stats) });
  }

  /**
   * What a source holds now. A file that stands as it was noted is not read again, unless all are, to be packed: then it must hold what was
   * noted.
   */
  private read(source: Source, listed: Listed, pack?: Pack): Outcome<Reading> {
    const noteFile = this.noteFile(source);
    const note = readNote(noteFile);
    if (pack === undefined && note !== undefined && isAsNoted(note, listed)) return done({ ...listed, digest: note.digest });
    const noted = note === undefined ? () => undefined : notedDigests(note, listed);
    const { digests: held } = listed;
    const known = listed.files.map((_, index) => (held === undefined ? noted(index) : digestAt(held, index)));
    const digests = pack === undefined ? digestsOf(listed, known) : pack.addAll(listed.folder, listed.files);
    const changed = listed.files.find(
      (_, index) => digests[index] === '' || (known[index] !== undefined && known[index] !== digests[index]),
    );
    if (changed !== undefined) return failed(changedWhileRead(source, changed.path));
    const manifest = manifestOf(listed, digests);
    const bytes = manifestBytes(manifest);
    const digest = listed.kind === 'dir' ? sha256(bytes) : (digests[0] ?? '');
    writeNote(noteFile, noteOf(listed, digests, digest));
    return done({ ...listed, digest, manifest: { value: manifest, bytes } });
  }

  snapshot(source: Source, format: number = RECORD_FORMAT): Outcome<Snapshot> {
    const listed = this.list(source, !existsSync(this.noteFile(source)));
    if (!listed.ok) return listed;
    // The first format counted no empty folders.
    const { emptyFolders } = listed.value;
    const counted = format >= ATTRIBUTES_SINCE || emptyFolders.length === 0 ? listed.value : { ...listed.value, emptyFolders: [] };
    const read = this.read(source, counted);
    return read.ok ? done(snapshotOf(source, read.value)) : read;
  }

  take(source: Source): Outcome<Snapshot> {
    const isUnread = !existsSync(this.noteFile(source));
    const listed = this.list(source, isUnread && source.keep === false);
    if (!listed.ok) return listed;
    const isKept = mayKeep(source, sizeOf(listed.value.files), listed.value) && isUnread;
    // Where the system does not let it be kept, that is told when it must be.
    const kept = isKept ? ifPossible(() => this.pack(source, listed.value)) : undefined;
    const read = kept ?? this.read(source, listed.value);
    return read.ok ? done(snapshotOf(source, read.value)) : read;
  }

  keep(source: Source, snapshot: Snapshot): Outcome<boolean> {
    if (this.isKept(snapshot.digest)) return done(true);
    if (source.links === undefined && !mayKeep(source, snapshot.size)) return done(false);
    const listed = this.list(source);
    if (listed.ok && !mayKeep(source, snapshot.size, listed.value)) return done(false);
    const packed = listed.ok ? this.pack(source, listed.value, snapshot.digest) : listed;
    return packed.ok ? done(true) : packed;
  }

  /** Packs a source's files into one blob as they are read, checking that they are what they are taken for, if for anything. */
  private pack(source: Source, listed: Listed, expected?: string): Outcome<Reading> {
    mkdirSync(this.scratch, { recursive: true });
    const folder = mkdtempSync(join(this.scratch, 'source-'));
    const pack = new Pack(join(folder, 'pack'), listed.kind);
    try {
      const read = this.read(source, listed, pack);
      if (!read.ok) return read;
      const { kind, digest, manifest } = read.value;
      if (digest !== (expected ?? digest)) return failed(changedWhileRead(source, source.path));
      const kept: KeptSource = {
        kind,
        manifest: this.blobs.add(manifest?.bytes ?? new Uint8Array()),
        pack: this.blobs.take(pack.path, { known: pack.finish() }).digest,
      };
      this.blobs.commitNow();
      writeSealed(join(this.folder, `${digest}.json`), kept);
      this.latest = manifest === undefined ? undefined : { digest: kept.manifest, manifest: manifest.value };
      return read;
    } finally {
      pack.close();
      removeTree(folder);
    }
  }

  private noteFile({ path }: Source): string {
    return join(this.notes, sha256(path));
  }

  /** Where the bytes of a kept source are; undefined where there is no note of it. */
  record(digest: string): KeptSource | undefined {
    return readSealed(join(this.folder, `${digest}.json`), isKeptSource, former);
  }

  kept(digest: string): Snapshot | undefined {
    const record = this.record(digest);
    if (record === undefined || !this.isKept(digest)) return undefined;
    const manifest = this.manifest(digest);
    const isExecutableFile = record.kind === 'file' && manifest?.files[0]?.executable === true;
    const size = sizeOf(manifest?.files ?? []);
    return { kind: record.kind, digest, size, suffix: '', ...(isExecutableFile ? { executable: true } : {}) };
  }

  isKept(digest: string): boolean {
    const record = this.record(digest);
    return record !== undefined && this.blobs.state(record.manifest) === 'whole' && this.blobs.state(record.pack) === 'whole';
  }

  manifest(digest: string): Manifest | undefined {
    const record = this.record(digest);
    if (record === undefined) return undefined;
    const { latest } = this;
    if (latest?.digest === record.manifest && this.blobs.state(record.manifest) === 'whole') return latest.manifest;
    const manifest = readManifest(this.blobs.read(record.manifest) ?? new Uint8Array());
    this.latest = manifest === undefined ? undefined : { digest: record.manifest, manifest };
    return manifest;
  }

  readFile(digest: string, path: string): Uint8Array | undefined {
    const record = this.record(digest);
    const files = this.manifest(digest)?.files ?? [];
    const index = files.findIndex((file) => file.path === path);
    const file = files[index];
    if (record === undefined || file === undefined || this.blobs.state(record.pack) !== 'whole') return undefined;
    const bytes = this.blobs.readRange(record.pack, sizeOf(files.slice(0, index)), file.size);
    return sha256(bytes) === file.digest ? bytes : undefined;
  }

  place(snapshot: Snapshot, path: string): string | undefined {
    const record = this.record(snapshot.digest);
    const manifest = this.manifest(snapshot.digest);
    if (record === undefined || manifest === undefined) return undefined;
    if (snapshot.kind === 'file') return this.blobs.place(record.pack, path, snapshot.executable === true) ? settledStamp(path) : undefined;
    for (const folder of ['', ...manifest.emptyFolders]) mkdirSync(join(path, folder), { recursive: true });
    const isFilled = this.blobs.size(record.pack) === sizeOf(manifest.files);
    const stamps = isFilled ? unpackFiles(this.blobs.stretch(record.pack), manifest.files, path) : undefined;
    // What was wrong goes to quarantine, so that it is kept again.
    if (stamps === undefined) this.blobs.state(record.pack, true);
    return stamps === undefined ? undefined : stampOf(manifest, stamps);
  }
}

/**
 * Whether a source of a size is kept: a large one only where that is asked for, or links were followed. Where it lies, a program would meet
 * the links, which are no part of its digest.
 */
function mayKeep({ keep }: Source, size: number, listed?: Listed): boolean {
  return listed?.followed === true || (keep ?? size <= LARGEST_KEPT);
}

function snapshotOf({ path }: Source, { kind, digest, files }: Reading): Snapshot {
  const size = sizeOf(files);
  if (kind === 'dir') return { kind, digest, size, suffix: '' };
  return { kind, digest, size, suffix: extname(path), ...(files[0]?.executable === true ? { executable: true } : {}) };
}

/** The digests of files, of which some are known. */
function digestsOf({ folder, files }: Listed, known: readonly (string | undefined)[]): string[] {
  const unknown = files.filter((_, index) => known[index] === undefined);
  const { learned } = lookAt('hash', { folder, paths: unknown.map(({ path }) => path), sizes: unknown.map(({ size }) => size) });
  const digests = Buffer.from(learned);
  let next = 0;
  return known.map((digest) => {
    if (digest !== undefined) return digest;
    next += 1;
    return digestAt(digests, next - 1);
  });
}

function missing(source: Source): Problem {
  return {
    kind: 'pipeline',
    code: 'missing-source',
    message: `the source "${source.name}" does not exist`,
    hint: `looked at ${source.path}`,
  };
}

function refused({ name }: Source, why: string, hint = 'keep only plain files and folders there'): Problem {
  const follow = `to read what links lead to: sources: { ${name}: { path: …, links: follow } }, or --follow-links`;
  return {
    kind: 'pipeline',
    code: 'refused-file',
    message: `the source "${name}" cannot be read: ${why}`,
    hint: hint === LINKED ? follow : hint,
  };
}

function mustBeKept({ name }: Source): Problem {
  return {
    kind: 'pipeline',
    code: 'refused-file',
    message: `the source "${name}" cannot be read: its links are followed, so it has to be kept, and it says keep: false`,
    hint: 'leave keep: false out, or name the folder that the links lead to',
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
