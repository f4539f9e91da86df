import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact, ManifestEntry } from '../../model/artifact.ts';
import type { Source } from '../../model/pipeline.ts';
import type { BundleRecord, Claim, Lock, Snapshot, Store, Workplace } from '../../model/store.ts';
import { done, failed, type Outcome, type Problem } from '../../model/problem.ts';
import type { StoredResult } from '../../model/result.ts';
import type { RunRecord } from '../../model/run.ts';
import { type BlobState, Blobs } from './blobs.ts';
import { Contents } from './contents.ts';
import { writeDurably } from '../../files/durable.ts';
import { lockFile } from '../../files/lock.ts';
import { isExecutable, listFolder, manifestBytes, stampTree } from './folders.ts';
import { folderName, Latest } from './latest.ts';
import { probeLocks } from './locks.ts';
import { Presence } from './presence.ts';
import { Results } from './results.ts';
import { Runs } from './runs.ts';
import { Sources } from './sources.ts';
import { StampBook } from './stamps.ts';
import { Tags } from './tags.ts';
import { verifyStore } from './verify.ts';

/** A store in a folder of a local disk. Opening it for reading writes nothing. */
export class LocalStore implements Store {
  readonly root: string;
  readonly cache: string;
  readonly results: Results;
  readonly runRecords: Runs;
  readonly contents: Contents;
  readonly tags: Tags;
  /** Held from opening on, so that nothing is swept up under whoever uses the store. */
  readonly presence: Presence;
  private readonly stamps: StampBook;
  private readonly blobs: Blobs;
  private readonly sources: Sources;
  private readonly latest: Latest;
  private readonly checkedFolders = new Map<string, BlobState>();

  constructor(root: string) {
    this.root = root;
    this.cache = join(root, 'index');
    this.stamps = new StampBook(join(this.cache, 'blobs'));
    this.blobs = new Blobs(root, this.stamps);
    this.contents = new Contents(root, this.blobs);
    this.tags = new Tags(root);
    this.presence = new Presence(root);
    this.results = new Results(root);
    this.runRecords = new Runs(root);
    this.sources = new Sources(root, this.blobs);
    this.latest = new Latest(root, (artifact, path) => this.place(artifact, path));
  }

  /** Makes the folder and tries whether it can be written safely. */
  static open(root: string): Outcome<LocalStore> {
    try {
      mkdirSync(root, { recursive: true });
      if (!existsSync(join(root, '.gitignore'))) writeFileSync(join(root, '.gitignore'), '*\n!.gitignore\n');
      const probed = probeLocks(root);
      if (!probed.ok) return probed;
      const store = new LocalStore(root);
      return store.presence.enter() ? done(store) : failed(beingSwept(root));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return failed({
        kind: 'store',
        code: 'store-unwritable',
        message: `the store ${root} cannot be written: ${why}`,
        hint: 'choose another with --store FOLDER',
      });
    }
  }

  result(fingerprint: string): StoredResult | undefined {
    return this.results.read(fingerprint);
  }

  resultsOfWork(workDigest: string): readonly StoredResult[] {
    return this.results.ofWork(workDigest);
  }

  keepResult(result: StoredResult, workDigest: string): void {
    this.results.keep(result, workDigest);
  }

  private manifest(digest: string): readonly ManifestEntry[] | undefined {
    return this.contents.manifest(digest);
  }

  private artifactState(artifact: Artifact, thorough = false): BlobState {
    if (artifact.kind === 'file') return this.blobs.state(artifact.digest, thorough);
    const known = this.checkedFolders.get(artifact.digest);
    if (known !== undefined && !thorough) return known;
    let state = this.blobs.state(artifact.digest, thorough);
    for (const { digest } of state === 'whole' ? (this.manifest(artifact.digest) ?? []) : []) {
      const one = this.blobs.state(digest, thorough);
      if (one !== 'whole') state = one;
    }
    this.checkedFolders.set(artifact.digest, state);
    return state;
  }

  brokenPorts(outputs: Readonly<Record<string, Artifact>>): { port: string; damage: 'missing' | 'damaged' }[] {
    return Object.entries(outputs).flatMap(([port, artifact]) => {
      const state = this.artifactState(artifact);
      return state === 'whole' ? [] : [{ port, damage: state }];
    });
  }

  async claim(work: string, signal: AbortSignal, onWait: () => void): Promise<Claim | undefined> {
    const path = join(this.root, 'locks', work);
    const owner = await lockFile(`${path}.owner`, signal, onWait);
    if (owner === undefined) return undefined;
    const scratch = join(this.root, 'scratch');
    const left = existsSync(scratch) ? readdirSync(scratch).filter((name) => name.startsWith(`${work.slice(0, 16)}-`)) : [];
    return {
      remains: left.map((id) => workplaceAt(scratch, id)),
      lock: (until) => lockFile(path, until, () => undefined),
      release: owner.release,
    };
  }

  workplace(work: string): Workplace {
    const place = workplaceAt(join(this.root, 'scratch'), `${work.slice(0, 16)}-${randomBytes(6).toString('hex')}`);
    mkdirSync(place.folder, { recursive: true });
    return place;
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

  addBytes(bytes: Uint8Array): string {
    return this.blobs.add(bytes);
  }

  readBytes(digest: string): Uint8Array | undefined {
    return this.blobs.read(digest);
  }

  bundle(digest: string): BundleRecord | undefined {
    const path = join(this.root, 'bundles', `${digest}.json`);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as BundleRecord) : undefined;
  }

  bundleOf(rawDigest: string): BundleRecord | undefined {
    const path = join(this.root, 'bundles', 'raw', rawDigest);
    const record = existsSync(path) ? this.bundle(readFileSync(path, 'utf8')) : undefined;
    return record !== undefined && this.blobs.state(record.digest) === 'whole' ? record : undefined;
  }

  keepBundle(rawDigest: string, record: BundleRecord): void {
    writeDurably(join(this.root, 'bundles', `${record.digest}.json`), JSON.stringify(record));
    writeDurably(join(this.root, 'bundles', 'raw', rawDigest), record.digest);
  }

  checkpoints(work: string): { folder: string; remove(): void } {
    const folder = join(this.root, 'checkpoints', work);
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
  }

  snapshot(source: Source): Outcome<Snapshot> {
    return this.sources.snapshot(source);
  }

  keepSource(source: Source, snapshot: Snapshot): Outcome<boolean> {
    return this.sources.keep(source, snapshot);
  }

  keptSource(digest: string): Snapshot | undefined {
    return this.sources.find(digest);
  }

  placeSource(snapshot: Snapshot, path: string): void {
    this.sources.place(snapshot, path);
  }

  startRun(id: string): Lock {
    return this.runRecords.start(id);
  }

  writeRun(record: RunRecord): void {
    this.runRecords.write(record);
  }

  runs(pipeline?: string): Iterable<RunRecord> {
    return this.runRecords.all(pipeline);
  }

  run(id: string): RunRecord | undefined {
    return this.runRecords.read(id);
  }

  publish(pipeline: string, outputs: ReadonlyMap<string, ReadonlyMap<string, Artifact>>): ReadonlyMap<string, string> {
    return this.latest.publish(pipeline, outputs);
  }

  logFile(run: string, node: string): string {
    return join(this.root, 'logs', run, `${folderName(node)}.log`);
  }

  verify(): ReturnType<typeof verifyStore> {
    return verifyStore(this.results, this.contents);
  }

  flush(): void {
    if (existsSync(this.root)) this.stamps.flush();
  }
}

function beingSwept(root: string): Problem {
  return { kind: 'store', code: 'store-in-use', message: `another process has the store ${root} to itself`, hint: 'try again later' };
}

function workplaceAt(scratch: string, id: string): Workplace {
  const folder = join(scratch, id);
  return { id, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
