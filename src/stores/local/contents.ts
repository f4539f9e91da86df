import { copyFileSync, constants, existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Artifact, ManifestEntry } from '../../model/artifact.ts';
import type { BundleRecord } from '../../model/store.ts';
import type { RunRecord } from '../../model/run.ts';
import type { BlobState, Blobs } from './blobs.ts';
import { readManifest } from './folders.ts';
import type { KeptSource } from './sources.ts';

/** What something in a store is made of. */
export interface Reach {
  /** Digests of blobs. */
  readonly blobs: Set<string>;
  /** Other files, relative to the store. */
  readonly files: Set<string>;
}

/** What a record reaches, and what of it the store lacks, in words. */
export interface RecordReach extends Reach {
  readonly missing: string[];
}

/** Says what the things in a store are made of: for packing, copying and sweeping up. */
export class Contents {
  readonly root: string;
  private readonly store: Blobs;

  constructor(root: string, blobs: Blobs) {
    this.root = root;
    this.store = blobs;
  }

  state(digest: string, thorough = false): BlobState {
    return this.store.state(digest, thorough);
  }

  /** All digests that have a blob. */
  blobs(): Iterable<string> {
    return this.store.all();
  }

  /** A blob's file. */
  path(digest: string): string {
    return this.store.path(digest);
  }

  /** Bytes of a blob on the disk; 0 where it is missing. */
  size(digest: string): number {
    return lstatSync(this.store.path(digest), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** A folder's manifest; undefined if it is missing, damaged or none. */
  manifest(digest: string): readonly ManifestEntry[] | undefined {
    const bytes = this.store.read(digest);
    return bytes === undefined ? undefined : readManifest(bytes);
  }

  /** The blobs of an artifact: its own, and those that its manifest names. */
  ofArtifact(artifact: Pick<Artifact, 'kind' | 'digest'>): string[] {
    if (artifact.kind === 'file') return [artifact.digest];
    return [artifact.digest, ...(this.manifest(artifact.digest) ?? []).map(({ digest }) => digest)];
  }

  /** Adds a code bundle with its source map; false if anything of it is missing. */
  addCode(digest: string, reach: Reach): boolean {
    const file = join('bundles', `${digest}.json`);
    if (!existsSync(join(this.root, file))) return false;
    const { map } = JSON.parse(readFileSync(join(this.root, file), 'utf8')) as BundleRecord;
    reach.files.add(file);
    for (const blob of [digest, map]) reach.blobs.add(blob);
    return [digest, map].every((blob) => this.state(blob) === 'whole');
  }

  /** Adds a kept source; false if anything of it is missing. */
  addSource(digest: string, reach: Reach): boolean {
    const file = join('sources', `${digest}.json`);
    if (!existsSync(join(this.root, file))) return false;
    const { manifest, pack } = JSON.parse(readFileSync(join(this.root, file), 'utf8')) as KeptSource;
    reach.files.add(file);
    for (const blob of [manifest, pack]) reach.blobs.add(blob);
    return [manifest, pack].every((blob) => this.state(blob) === 'whole');
  }

  /**
   * What a record's run can be done again from: code and kept sources; and of its outputs the manifests, or with `outputs` all bytes.
   * Sources that are not kept are left to the caller; a manifest that is gone is no loss to doing it again.
   */
  ofRecord(record: RunRecord, nodes: ReadonlySet<string>, { outputs }: { readonly outputs: boolean }): RecordReach {
    const reach: RecordReach = { blobs: new Set(), files: new Set(), missing: [] };
    for (const [name, { code, recipe, outputs: artifacts }] of Object.entries(record.nodes)) {
      if (!nodes.has(name)) continue;
      if (recipe?.work.kind === 'stage' && (code === undefined || !this.addCode(code, reach)))
        reach.missing.push(`the code of ${name} (${code?.slice(0, 12) ?? 'unknown'})`);
      for (const [port, artifact] of Object.entries(artifacts ?? {})) {
        if (outputs) {
          for (const digest of this.ofArtifact(artifact)) {
            reach.blobs.add(digest);
            if (this.state(digest) !== 'whole') reach.missing.push(`the output ${name}.${port} (${digest.slice(0, 12)})`);
          }
        } else if (artifact.kind === 'dir' && this.state(artifact.digest) === 'whole') reach.blobs.add(artifact.digest);
      }
    }
    return reach;
  }

  /** Copies files and blobs into the folder of another store. */
  copyTo(root: string, { blobs, files }: Reach): void {
    const inside = [...files, ...[...blobs].map((digest) => this.path(digest).slice(this.root.length + 1))];
    for (const file of inside) {
      const target = join(root, file);
      if (existsSync(target)) continue;
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(this.root, file), target, constants.COPYFILE_FICLONE);
    }
  }
}
