import { closeSync, createReadStream, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact, ManifestEntry } from '../../model/artifact.ts';
import { done, type Outcome } from '../../model/problem.ts';
import type { Artifacts, BrokenPort, Outputs, Payload } from '../../model/store.ts';
import type { BlobState, Blobs } from './blobs.ts';
import { isExecutable, listFolder, manifestBytes, readManifest, stampTree } from './folders.ts';

/** Outputs as blobs: a file is one, a folder is its manifest and one for each of its files. */
export class LocalArtifacts implements Artifacts {
  private readonly blobs: Blobs;
  /** Folders whose files were looked at in this process. */
  private readonly checkedFolders = new Map<string, BlobState>();

  constructor(blobs: Blobs) {
    this.blobs = blobs;
  }

  private state(artifact: Artifact): BlobState {
    if (artifact.kind === 'file') return this.blobs.state(artifact.digest);
    const known = this.checkedFolders.get(artifact.digest);
    if (known !== undefined) return known;
    let state = this.blobs.state(artifact.digest);
    for (const { digest } of state === 'whole' ? (this.manifest(artifact.digest) ?? []) : []) {
      const one = this.blobs.state(digest);
      if (one !== 'whole') state = one;
    }
    this.checkedFolders.set(artifact.digest, state);
    return state;
  }

  broken(outputs: Outputs): BrokenPort[] {
    return Object.entries(outputs).flatMap(([port, artifact]) => {
      const state = this.state(artifact);
      return state === 'whole' ? [] : [{ port, damage: state }];
    });
  }

  collect(path: string, kind: 'dir' | 'file', suffix: string): Outcome<Artifact> {
    if (kind === 'file') return done({ kind, ...this.blobs.take(path), suffix });
    const listed = listFolder(path);
    if (!listed.ok) return listed;
    for (const file of listed.value) this.blobs.detach(file.absolute);
    const entries = listed.value.map((file) => ({
      path: file.path,
      ...this.blobs.take(file.absolute),
      executable: isExecutable(file.stats),
    }));
    const digest = this.blobs.add(manifestBytes(entries));
    this.checkedFolders.set(digest, 'whole');
    return done({ kind, digest, size: entries.reduce((sum, { size }) => sum + size, 0), suffix: '' });
  }

  place(artifact: Artifact, path: string): void {
    if (artifact.kind === 'file') return this.blobs.place(artifact.digest, path, false);
    mkdirSync(path, { recursive: true });
    for (const entry of this.manifest(artifact.digest) ?? []) this.blobs.place(entry.digest, join(path, entry.path), entry.executable);
    return undefined;
  }

  stamp(path: string): string {
    return stampTree(path);
  }

  add(bytes: Uint8Array): string {
    return this.blobs.add(bytes);
  }

  read(digest: string): Uint8Array | undefined {
    return this.blobs.read(digest);
  }

  readRange(digest: string, offset: number, length: number): Uint8Array | undefined {
    if (this.blobs.state(digest) !== 'whole') return undefined;
    const descriptor = openSync(this.blobs.path(digest), 'r');
    try {
      const bytes = new Uint8Array(length);
      let got = 0;
      for (let read = -1; read !== 0 && got < length; got += read) read = readSync(descriptor, bytes, got, length - got, offset + got);
      return bytes.subarray(0, got);
    } finally {
      closeSync(descriptor);
    }
  }

  payload(digest: string): Payload | undefined {
    if (this.blobs.state(digest) !== 'whole') return undefined;
    const path = this.blobs.path(digest);
    return { size: this.blobs.size(digest), bytes: () => createReadStream(path) as AsyncIterable<Uint8Array> };
  }

  receive(digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<boolean> {
    return this.blobs.receive(digest, bytes, most);
  }

  manifest(digest: string): readonly ManifestEntry[] | undefined {
    const bytes = this.blobs.read(digest);
    return bytes === undefined ? undefined : readManifest(bytes);
  }
}
