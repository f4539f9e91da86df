import { copyFileSync, createReadStream, existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Artifact } from '../../model/artifact.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import type { Recipe, RecordedSource, RunRecord } from '../../model/run.ts';
import type { Artifacts, BundleRecord, Bundles, Store } from '../../model/store.ts';
import { type Contents, emptyReach, type PackEntry, type Reach, type RecordReach, type ScratchStore } from '../../model/upkeep.ts';
import { removeDurably, writeDurably } from '../../files/durable.ts';
import { removeTree } from '../../files/remove.ts';
import type { Blobs } from './blobs.ts';
import { sizeOf } from './folders.ts';
import { holdsFiles } from './packed-files.ts';
import type { KeptSource, LocalSources } from './sources.ts';

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
  private readonly isWritable: boolean;

  constructor(
    root: string,
    holdings: Holdings,
    { open, isWritable }: { readonly open: (root: string, format?: number) => Outcome<Store>; readonly isWritable: boolean },
  ) {
    this.root = root;
    this.holdings = holdings;
    this.open = open;
    this.isWritable = isWritable;
  }

  /** The blobs of an artifact: its own, and those that its manifest names. */
  ofArtifact({ kind, digest }: Pick<Artifact, 'kind' | 'digest'>): string[] {
    return [digest, ...(kind === 'file' ? [] : (this.holdings.artifacts.manifest(digest)?.files ?? []).map((entry) => entry.digest))];
  }

  /** Adds a code bundle with its source map, whether they are whole or not; the note of it, if there is one. */
  reachBundle(digest: string, reach: Reach): BundleRecord | undefined {
    const record = this.holdings.bundles.read(digest);
    if (record === undefined) return undefined;
    reach.bundles.add(digest);
    for (const blob of [digest, record.map]) reach.blobs.add(blob);
    return record;
  }

  /** Adds a kept source, whether it is whole or not; the note of it, if there is one. */
  reachSource(digest: string, reach: Reach): KeptSource | undefined {
    const record = this.holdings.sources.record(digest);
    if (record === undefined) return undefined;
    reach.sources.add(digest);
    for (const blob of [record.manifest, record.pack]) reach.blobs.add(blob);
    return record;
  }

  /** Adds a code bundle; false if its bytes are not whole. Its source map, which only explains errors, is left out where it is lost. */
  private addBundle(digest: string, reach: Reach): boolean {
    const { blobs } = this.holdings;
    const own = emptyReach();
    const record = this.reachBundle(digest, own);
    if (record === undefined || !blobs.isProven(digest)) return false;
    reach.bundles.add(digest);
    for (const blob of own.blobs) if (blobs.isProven(blob)) reach.blobs.add(blob);
    return true;
  }

  addSource(digest: string, reach: Reach): boolean {
    const own = emptyReach();
    if (this.reachSource(digest, own) === undefined) return false;
    for (const blob of own.blobs) if (!this.holdings.blobs.isProven(blob)) return false;
    reach.sources.add(digest);
    for (const blob of own.blobs) reach.blobs.add(blob);
    return true;
  }

  ofRecord(record: RunRecord, nodes: ReadonlySet<string>, { outputs }: { readonly outputs: boolean }): RecordReach {
    const reach: RecordReach = { ...emptyReach(), missing: [], leftOut: [] };
    for (const [name, { code, recipe, outputs: artifacts }] of Object.entries(record.nodes)) {
      if (!nodes.has(name)) continue;
      if (recipe?.work.kind === 'stage' && (code === undefined || !this.addBundle(code, reach)))
        reach.missing.push(`the code of ${name} (${code?.slice(0, 12) ?? 'unknown'})`);
      for (const digest of this.ofCode(recipe)) {
        reach.blobs.add(digest);
        if (!this.holdings.blobs.isProven(digest)) reach.missing.push(`the code of ${name} (${digest.slice(0, 12)})`);
      }
      const lock = lockOf(recipe);
      if (lock !== undefined) {
        reach.blobs.add(lock);
        if (!this.holdings.blobs.isProven(lock)) reach.missing.push(`the locked packages of ${name} (${lock.slice(0, 12)})`);
      }
      const map = code === undefined ? undefined : this.holdings.bundles.read(code)?.map;
      if (map !== undefined && recipe?.work.kind === 'stage' && !reach.blobs.has(map)) reach.leftOut.push(map);
      for (const [port, artifact] of Object.entries(artifacts ?? {})) {
        if (outputs) {
          for (const digest of this.ofArtifact(artifact)) {
            reach.blobs.add(digest);
            if (!this.holdings.blobs.isProven(digest)) reach.missing.push(`the output ${name}.${port} (${digest.slice(0, 12)})`);
          }
        } else if (artifact.kind === 'dir' && this.holdings.blobs.isProven(artifact.digest)) reach.blobs.add(artifact.digest);
      }
    }
    return reach;
  }

  /** All that the code of a command consists of. */
  ofCode(recipe: Recipe | undefined): string[] {
    const code = recipe?.work.kind === 'command' ? recipe.work.code?.recorded : undefined;
    return code === undefined ? [] : [code.digest, ...this.ofArtifact({ kind: 'dir', digest: code.files })];
  }

  flawOf(record: RunRecord): string | undefined {
    for (const [name, { code, recipe, outputs = {} }] of Object.entries(record.nodes)) {
      if (this.ofCode(recipe).some((digest) => !this.holdings.blobs.isProven(digest))) return `the code of ${name} is missing or damaged`;
      const lock = lockOf(recipe);
      if (lock !== undefined && !this.holdings.blobs.isProven(lock)) return `the locked packages of ${name} are missing or damaged`;
      if (recipe?.work.kind === 'stage' && (code === undefined || !this.addBundle(code, emptyReach())))
        return `the code of ${name} is missing or damaged`;
      const wrong = Object.entries(outputs).find(([, artifact]) => this.isMisstated(artifact));
      if (wrong !== undefined) return `the output ${name}.${wrong[0]} is not of the size that its record states`;
    }
    for (const [name, source] of Object.entries(record.sources)) {
      const flaw = this.flawOfSource(name, source);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  }

  /** Whether what is here of an output is of another size than is said of it, or a folder's manifest is none. */
  private isMisstated({ kind, digest, size }: Pick<Artifact, 'kind' | 'digest' | 'size'>): boolean {
    const { blobs, artifacts } = this.holdings;
    if (!blobs.isProven(digest)) return false;
    if (kind === 'file') return blobs.size(digest) !== size;
    const files = artifacts.manifest(digest)?.files;
    return files === undefined || sizeOf(files) !== size || files.some((entry) => this.isMisstated({ ...entry, kind: 'file' }));
  }

  /** A kept source is what its digest says, and its files fill its bytes exactly, each with its digest. */
  private flawOfSource(name: string, { digest, kind, size }: RecordedSource): string | undefined {
    if (!existsSync(join(this.root, sourceFile(digest)))) return `the source "${name}" is missing`;
    const kept = this.holdings.sources.record(digest);
    if (kept === undefined || kept.kind !== kind) return `the source "${name}" is damaged`;
    const { manifest, pack } = kept;
    if ((kind === 'dir' ? manifest : pack) !== digest) return `the source "${name}" has another digest than its run read`;
    const { blobs, artifacts } = this.holdings;
    const files = blobs.isProven(pack) ? artifacts.manifest(manifest)?.files : undefined;
    if (files === undefined) return `the source "${name}" is missing, damaged, or has paths that leave it`;
    const isFilled = sizeOf(files) === blobs.size(pack) && (kind === 'dir' || files.length === 1);
    if (!isFilled || !holdsFiles(blobs.stretch(pack), files)) return `the source "${name}" is damaged: its files do not fill its bytes`;
    return size === undefined || size === sizeOf(files) ? undefined : `the source "${name}" is not of the size that its record states`;
  }

  takeNotes(record: RunRecord, notes: ReadonlyMap<string, Uint8Array>): string | undefined {
    const written: string[] = [];
    for (const [name, bytes] of notes) {
      const [, kind, digest = ''] = /^(bundles|sources)\/([0-9a-f]{64})\.json$/.exec(name) ?? [];
      const { bundles, sources } = this.holdings;
      if (kind === undefined) return `it holds a note that no run has: ${JSON.stringify(name.slice(0, 80))}`;
      if ((kind === 'bundles' ? bundles.read(digest) : sources.record(digest)) !== undefined) continue;
      const path = join(this.root, name);
      writeDurably(path, bytes);
      written.push(path);
    }
    const flaw = this.flawOf(record);
    if (flaw !== undefined) for (const path of written) removeDurably(path);
    return flaw;
  }

  scratch(name: string, reach: Reach = emptyReach(), format?: number): Outcome<ScratchStore> {
    const folder = mkdtempSync(join(this.scratchFolder(), `${name}-`));
    for (const { name: file, path, digest } of this.files(reach)) {
      const target = join(folder, file);
      mkdirSync(dirname(target), { recursive: true });
      if (digest === undefined) copyFileSync(path, target);
      else if (!this.holdings.blobs.place(digest, target, false)) {
        removeTree(folder);
        return failed(damagedMeanwhile(digest));
      }
    }
    const store = this.open(folder, format);
    const remove = (): void => {
      if (store.ok) store.value.maintenance.leave();
      removeTree(folder);
    };
    if (store.ok) return done({ store: store.value, remove });
    remove();
    return store;
  }

  /** Where scratch stores are made: beside a store that can only be read there is no place for them. */
  private scratchFolder(): string {
    if (!this.isWritable) return tmpdir();
    const folder = join(this.root, 'scratch');
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** The files of a reach: a pack names them as they lie here. */
  private files({ blobs, bundles, sources }: Reach): { readonly name: string; readonly path: string; readonly digest?: string }[] {
    return [
      ...[...blobs].map((digest) => ({ name: join('blobs', digest.slice(0, 2), digest.slice(2)), digest })),
      ...[...bundles].map((digest) => ({ name: bundleFile(digest) })),
      ...[...sources].map((digest) => ({ name: sourceFile(digest) })),
    ]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((file) => ({ ...file, path: join(this.root, file.name) }));
  }

  *entries(reach: Reach): Iterable<PackEntry> {
    for (const { name, path, digest } of this.files(reach))
      yield {
        name,
        size: digest === undefined ? statSync(path).size : this.holdings.blobs.size(digest),
        bytes: () => (digest === undefined ? (createReadStream(path) as AsyncIterable<Uint8Array>) : this.holdings.blobs.pieces(digest)),
      };
  }
}

/** Content that was whole when it was looked for, and was not when it was read. */
function damagedMeanwhile(digest: string): Problem {
  return {
    kind: 'store',
    code: 'missing-content',
    message: `the content ${digest.slice(0, 12)} of the store was damaged meanwhile`,
    hint: 'try again: what is damaged went to quarantine, and what can be made again is',
  };
}

/** What the environment of a node was locked to, by digest, where it was built. */
export function lockOf(recipe: Recipe | undefined): string | undefined {
  const environment = recipe?.work.kind === 'command' ? recipe.work.environment : undefined;
  return environment === undefined || 'venv' in environment ? undefined : environment.lock;
}

/** Where the note of a bundle lies, relative to the store. */
export function bundleFile(digest: string): string {
  return join('bundles', `${digest}.json`);
}

/** Where the note of a kept source lies, relative to the store. */
export function sourceFile(digest: string): string {
  return join('sources', `${digest}.json`);
}
