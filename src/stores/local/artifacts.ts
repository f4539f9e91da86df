import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact, Manifest } from '../../model/artifact.ts';
import { sha256 } from '../../model/canonical.ts';
import { done, type Outcome } from '../../model/problem.ts';
import type { Artifacts, BrokenPort, Content, NewFile, OnMove, Payload } from '../../model/store.ts';
import { hashSized } from '../../files/copy-hashed.ts';
import { ReadOnlyFiles } from '../../files/read-only.ts';
import type { BlobState, Blobs, Taken } from './blobs.ts';
import { ATTRIBUTES_SINCE } from '../../model/run.ts';
import { unpackEntries } from './packed-files.ts';
import { foldersOf, isExecutable, listFolder, manifestBytes, readManifest, settledStamp, stampOf, stampTree, UNSURE } from './folders.ts';

/** From so many contents on, segments are looked at once for all of them instead of for each. */
const MANY = 16;

/** Outputs as blobs: a file is one, a folder is its manifest and one for each of its files. */
export class LocalArtifacts implements Artifacts {
  private readonly root: string;
  private readonly blobs: Blobs;
  private readonly format: number;
  /** Folders whose files were looked at in this process, and how many blobs had been lost by then. */
  private readonly checkedFolders = new Map<string, { readonly state: BlobState; readonly losses: number }>();

  /** The format says what is kept of outputs: the first one knew no empty folders, and of files no executable bit. */
  constructor(root: string, blobs: Blobs, format: number) {
    this.root = root;
    this.blobs = blobs;
    this.format = format;
  }

  private state({ kind, digest }: Content, thorough: boolean): BlobState {
    if (kind === 'file') return this.blobs.state(digest, thorough);
    const known = this.checkedFolders.get(digest);
    if (known?.losses === this.blobs.losses && !thorough) return known.state;
    const own = this.blobs.state(digest, thorough);
    const files = own === 'whole' ? (this.manifest(digest)?.files ?? []) : [];
    const state =
      own === 'whole'
        ? this.blobs.stateOf(
            files.map((entry) => entry.digest),
            thorough,
          )
        : own;
    this.checkedFolders.set(digest, { state, losses: this.blobs.losses });
    return state;
  }

  /** Those of many that have to be looked at one by one: segments that stand as they did vouch for the others. */
  private doubtful(entries: readonly (readonly [string, Content])[]): readonly (readonly [string, Content])[] {
    const unsure = new Set(this.blobs.untrusted(entries.map(([, { digest }]) => digest)));
    return entries.filter(([, { kind, digest }]) => kind !== 'file' || unsure.has(digest));
  }

  broken(outputs: Readonly<Record<string, Content>>, thorough = false): BrokenPort[] {
    const entries = Object.entries(outputs);
    return (thorough || entries.length < MANY ? entries : this.doubtful(entries)).flatMap(([port, content]) => {
      const state = this.state(content, thorough);
      return state === 'whole' ? [] : [{ port, damage: state }];
    });
  }

  collect(path: string, kind: 'dir' | 'file', suffix: string, onMove?: OnMove): Outcome<Artifact> {
    const keepsAll = this.format >= ATTRIBUTES_SINCE;
    if (kind === 'file') {
      const executable = keepsAll && isExecutable(lstatSync(path, { bigint: true }));
      return done({ kind, ...this.blobs.take(path, { onMove }), suffix, ...(executable ? { executable } : {}) });
    }
    const listed = listFolder(path);
    if (!listed.ok) return listed;
    const found = listed.value.files;
    const taken = this.blobs.takeAll(path, found, onMove);
    const files = found.map((file, index) => ({
      path: file.path,
      ...(taken[index] as Taken),
      executable: file.executable,
    }));
    const digest = this.blobs.add(manifestBytes({ files, emptyFolders: keepsAll ? listed.value.emptyFolders : [] }));
    this.checkedFolders.set(digest, { state: 'whole', losses: this.blobs.losses });
    return done({ kind, digest, size: files.reduce((sum, { size }) => sum + size, 0), suffix: '' });
  }

  place(artifact: Artifact, path: string): string | undefined {
    const placed = this.put(artifact, path);
    return placed === undefined ? undefined : (placed.stamp ?? settledStamp(path, this.root));
  }

  /** Gives an artifact as `place` does, with its stamp where that is known; undefined where bytes are missing or damaged. */
  put({ kind, digest, executable }: Artifact, path: string): { readonly stamp?: string } | undefined {
    if (kind === 'file') return this.blobs.place(digest, path, executable === true) ? {} : undefined;
    const manifest = this.manifest(digest);
    if (manifest === undefined) return undefined;
    const folders = foldersOf(manifest.files.map((entry) => entry.path));
    for (const folder of ['', ...folders, ...manifest.emptyFolders]) mkdirSync(join(path, folder), { recursive: true });
    const { stamps, left } = unpackEntries(manifest.files, this.blobs.smallAt(manifest.files.map((entry) => entry.digest)), path);
    if (left.length === 0) return { stamp: stampOf(manifest, stamps) };
    // What lies in files of its own, or is damaged where it was looked for.
    const files = new ReadOnlyFiles();
    return left.every((entry) => this.blobs.placeIn({ ...entry, path: `${path}/${entry.path}` }, files)) ? {} : undefined;
  }

  /** Gives each of many artifacts as `put` does, at its path below a folder. Returns those of which bytes are missing or damaged. */
  putAll<Placing extends { readonly path: string; readonly artifact: Artifact }>(folder: string, placings: readonly Placing[]): Placing[] {
    const files = placings.flatMap(({ path, artifact: { kind, digest, size, executable = false } }) =>
      kind === 'file' ? [{ path, digest, size, executable }] : [],
    );
    const places = this.blobs.smallAt(files.map(({ digest }) => digest));
    const known = files.filter((_, index) => places[index] !== undefined);
    for (const one of foldersOf(known.map(({ path }) => path))) mkdirSync(join(folder, one), { recursive: true });
    const left = new Set(unpackEntries(files, places, folder).left.map(({ path }) => path));
    return placings.filter(
      ({ path, artifact }) => (artifact.kind === 'dir' || left.has(path)) && this.put(artifact, join(folder, path)) === undefined,
    );
  }

  stamp(path: string): string {
    return stampTree(path, this.root);
  }

  proves(stamp: string): boolean {
    return !stamp.endsWith(UNSURE);
  }

  isAt(path: string, { kind, digest, executable }: Content): boolean {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (kind === 'file')
      return stats?.isFile() === true && isExecutable(stats) === (executable === true) && this.digestOfLink(path, digest) === digest;
    const listed = stats?.isDirectory() === true ? listFolder(path) : undefined;
    if (listed?.ok !== true) return false;
    const isLinked = listed.value.files.some(({ links }) => links > 1);
    const entries = isLinked ? (this.manifest(digest)?.files ?? []) : [];
    const expected = new Map(entries.map((entry) => [entry.path, entry.digest]));
    const files = listed.value.files.map((file) => ({
      path: file.path,
      size: file.size,
      digest:
        file.links > 1 ? this.digestOfLink(join(path, file.path), expected.get(file.path)) : hashSized(join(path, file.path), file.size),
      executable: file.executable,
    }));
    return sha256(manifestBytes({ files, emptyFolders: this.format >= ATTRIBUTES_SINCE ? listed.value.emptyFolders : [] })) === digest;
  }

  /** What a file holds that may be a link to the blob that is expected, of which that may be known. */
  private digestOfLink(path: string, expected = ''): string {
    const stats = lstatSync(path, { bigint: true });
    return this.blobs.links.isProvenLink(expected, stats) === true ? expected : hashSized(path, Number(stats.size));
  }

  apart(outputs: Readonly<Record<string, Content>>): string[] {
    const digests = Object.values(outputs).flatMap(({ kind, digest }) => [
      digest,
      ...(kind === 'file' ? [] : (this.manifest(digest)?.files ?? []).map((entry) => entry.digest)),
    ]);
    return this.blobs.apart([...new Set(digests)]);
  }

  add(bytes: Uint8Array): string {
    const digest = this.blobs.add(bytes);
    this.blobs.commitNow();
    return digest;
  }

  addFolder(files: readonly NewFile[]): Artifact {
    const kept = files.map(({ path, content, executable }) => ({
      path,
      digest: this.blobs.add(content),
      size: content.length,
      executable,
    }));
    const sorted = kept.sort((a, b) => (a.path < b.path ? -1 : 1));
    const digest = this.add(manifestBytes({ files: sorted, emptyFolders: [] }));
    return { kind: 'dir', digest, size: sorted.reduce((sum, { size }) => sum + size, 0), suffix: '' };
  }

  read(digest: string): Uint8Array | undefined {
    return this.blobs.read(digest);
  }

  readRange(digest: string, offset: number, length: number): Uint8Array | undefined {
    return this.blobs.isProven(digest) ? this.blobs.readRange(digest, offset, length) : undefined;
  }

  payload(digest: string): Payload | undefined {
    if (this.blobs.state(digest) !== 'whole') return undefined;
    return { size: this.blobs.size(digest), bytes: () => this.blobs.pieces(digest) };
  }

  receive(digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<boolean> {
    return this.blobs.receive(digest, bytes, most);
  }

  manifest(digest: string): Manifest | undefined {
    const bytes = this.blobs.read(digest);
    return bytes === undefined ? undefined : readManifest(bytes);
  }
}
