import { constants, copyFileSync, createReadStream, existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Artifact } from '../../model/artifact.ts';
import { done, type Outcome } from '../../model/problem.ts';
import type { RecordedSource, RunRecord } from '../../model/run.ts';
import type { Artifacts, Bundles, Store } from '../../model/store.ts';
import { type Contents, emptyReach, type PackEntry, type Reach, type RecordReach, type ScratchStore } from '../../model/upkeep.ts';
import { removeTree } from '../../files/remove.ts';
import type { Blobs } from './blobs.ts';
import type { LocalSources } from './sources.ts';

/** The parts of a store that say what it holds. */
export interface Holdings {
  readonly blobs: Blobs;
  readonly artifacts: Artifacts;
  readonly bundles: Bundles;
  readonly sources: LocalSources;
}

/** Says what the things in a store are made of: for packing, copying and removing. */
export class LocalContents implements Contents {
  private readonly root: string;
  private readonly holdings: Holdings;
  private readonly open: (root: string, format?: number) => Outcome<Store>;

  constructor(root: string, holdings: Holdings, open: (root: string, format?: number) => Outcome<Store>) {
    this.root = root;
    this.holdings = holdings;
    this.open = open;
  }

  private isWhole(digest: string): boolean {
    return this.holdings.blobs.state(digest) === 'whole';
  }

  /** The blobs of an artifact: its own, and those that its manifest names. */
  ofArtifact({ kind, digest }: Pick<Artifact, 'kind' | 'digest'>): string[] {
    return [digest, ...(kind === 'file' ? [] : (this.holdings.artifacts.manifest(digest)?.files ?? []).map((entry) => entry.digest))];
  }

  /** Adds a code bundle with its source map; false if anything of it is missing. */
  addBundle(digest: string, reach: Reach): boolean {
    const record = this.holdings.bundles.read(digest);
    if (record === undefined) return false;
    reach.bundles.add(digest);
    for (const blob of [digest, record.map]) reach.blobs.add(blob);
    return [digest, record.map].every((blob) => this.isWhole(blob));
  }

  addSource(digest: string, reach: Reach): boolean {
    const record = this.holdings.sources.record(digest);
    if (record === undefined) return false;
    const { manifest, pack } = record;
    reach.sources.add(digest);
    for (const blob of [manifest, pack]) reach.blobs.add(blob);
    return [manifest, pack].every((blob) => this.isWhole(blob));
  }

  ofRecord(record: RunRecord, nodes: ReadonlySet<string>, { outputs }: { readonly outputs: boolean }): RecordReach {
    const reach: RecordReach = { ...emptyReach(), missing: [] };
    for (const [name, { code, recipe, outputs: artifacts }] of Object.entries(record.nodes)) {
      if (!nodes.has(name)) continue;
      if (recipe?.work.kind === 'stage' && (code === undefined || !this.addBundle(code, reach)))
        reach.missing.push(`the code of ${name} (${code?.slice(0, 12) ?? 'unknown'})`);
      for (const [port, artifact] of Object.entries(artifacts ?? {})) {
        if (outputs) {
          for (const digest of this.ofArtifact(artifact)) {
            reach.blobs.add(digest);
            if (!this.isWhole(digest)) reach.missing.push(`the output ${name}.${port} (${digest.slice(0, 12)})`);
          }
        } else if (artifact.kind === 'dir' && this.isWhole(artifact.digest)) reach.blobs.add(artifact.digest);
      }
    }
    return reach;
  }

  flawOf(record: RunRecord): string | undefined {
    for (const [name, { code, recipe }] of Object.entries(record.nodes)) {
      if (recipe?.work.kind === 'stage' && (code === undefined || !this.addBundle(code, emptyReach())))
        return `the code of ${name} is missing or damaged`;
    }
    for (const [name, source] of Object.entries(record.sources)) {
      const flaw = this.flawOfSource(name, source);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  }

  /** A kept source is what its digest says, and its files fill its bytes exactly. */
  private flawOfSource(name: string, { digest, kind }: RecordedSource): string | undefined {
    if (!existsSync(join(this.root, sourceFile(digest)))) return `the source "${name}" is missing`;
    const kept = this.holdings.sources.record(digest);
    if (kept === undefined || kept.kind !== kind) return `the source "${name}" is damaged`;
    const { manifest, pack } = kept;
    if ((kind === 'dir' ? manifest : pack) !== digest) return `the source "${name}" has another digest than its run read`;
    const files = this.isWhole(pack) ? this.holdings.artifacts.manifest(manifest)?.files : undefined;
    if (files === undefined) return `the source "${name}" is missing, damaged, or has paths that leave it`;
    const size = files.reduce((sum, entry) => sum + entry.size, 0);
    return size === this.holdings.blobs.size(pack) && (kind === 'dir' || files.length === 1)
      ? undefined
      : `the source "${name}" is damaged: its files do not fill its bytes`;
  }

  scratch(name: string, reach: Reach = emptyReach(), format?: number): Outcome<ScratchStore> {
    mkdirSync(join(this.root, 'scratch'), { recursive: true });
    const folder = mkdtempSync(join(this.root, 'scratch', `${name}-`));
    for (const { name: file, path } of this.files(reach)) {
      const target = join(folder, file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(path, target, constants.COPYFILE_FICLONE);
    }
    const remove = (): void => void removeTree(folder);
    const store = this.open(folder, format);
    if (store.ok) return done({ store: store.value, remove });
    remove();
    return store;
  }

  /** The files of a reach: a pack names them as they lie here. */
  private files({ blobs, bundles, sources }: Reach): { readonly name: string; readonly path: string }[] {
    return [
      ...[...blobs].map((digest) => join('blobs', digest.slice(0, 2), digest.slice(2))),
      ...[...bundles].map(bundleFile),
      ...[...sources].map(sourceFile),
    ]
      .sort()
      .map((name) => ({ name, path: join(this.root, name) }));
  }

  *entries(reach: Reach): Iterable<PackEntry> {
    for (const { name, path } of this.files(reach))
      yield { name, size: statSync(path).size, bytes: () => createReadStream(path) as AsyncIterable<Uint8Array> };
  }
}

/** Where the note of a bundle lies, relative to the store. */
export function bundleFile(digest: string): string {
  return join('bundles', `${digest}.json`);
}

/** Where the note of a kept source lies, relative to the store. */
export function sourceFile(digest: string): string {
  return join('sources', `${digest}.json`);
}
