import { sealedLine } from '../../files/sealed.ts';
import type { Artifact } from '../../model/artifact.ts';
import type { Remote } from '../../model/remote.ts';
import { type Attempt, RESULT_FORMAT, type StoredResult } from '../../model/result.ts';
import type { Errand, FoundResult, Results, Store, WantedResult } from '../../model/store.ts';
import { readForeignResult } from './foreign-result.ts';
import { GuardedRemote } from './guarded-remote.ts';

/** Milliseconds without a sign of life after which a remote is left alone. */
const PATIENCE = 60_000;

/** Larger manifests are not fetched. */
const LARGEST_MANIFEST = 256 * 1024 * 1024;

/** Pieces of content that travel at once. */
const AT_ONCE = 4;

/** A local store whose results are also looked for in remotes, in their order, and shared with them. All else is the local store. */
export function withRemotes(store: Store, remotes: readonly Remote[], patience = PATIENCE): Store {
  return remotes.length === 0 ? store : { ...store, results: new LayeredResults(store, remotes, patience) };
}

class LayeredResults implements Results {
  private readonly local: Store;
  private readonly remotes: readonly GuardedRemote[];
  /** What is being shared with each remote, one result after another. */
  private readonly sharing = new Map<GuardedRemote, Promise<void>>();
  /** Content that came damaged from a remote: it is sent anew although the remote says that it has it. */
  private readonly damaged = new Map<GuardedRemote, Set<string>>();

  constructor(local: Store, remotes: readonly Remote[], patience: number) {
    this.local = local;
    this.remotes = remotes.map((remote) => new GuardedRemote(remote, patience));
  }

  read(fingerprint: string): StoredResult | undefined {
    return this.local.results.read(fingerprint);
  }

  whole(fingerprint: string): Attempt | undefined {
    return this.local.results.whole(fingerprint);
  }

  isApart(fingerprint: string): boolean {
    return this.local.results.isApart(fingerprint);
  }

  ofWork(workDigest: string): readonly StoredResult[] {
    return this.local.results.ofWork(workDigest);
  }

  keep(result: StoredResult, workDigest: string): Promise<void> {
    return this.local.results.keep(result, workDigest);
  }

  async find(wanted: WantedResult, errand: Errand): Promise<FoundResult | undefined> {
    const found = await this.local.results.find(wanted, errand);
    if (found !== undefined || !wanted.travels) return found;
    for (const remote of this.remotes) {
      const attempt = await this.unlessDiskFails(errand, () => this.fetch(remote, wanted, errand));
      if (attempt !== undefined) return { attempt, remote: remote.name };
    }
    return undefined;
  }

  /** A disk that is full or cannot be read is told of when the run itself meets it; here it costs what is fetched or shared. */
  private async unlessDiskFails<Value>({ notice }: Errand, act: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await act();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
      notice(`a result could not be exchanged with the remotes: ${message}`);
      return undefined;
    }
  }

  /** Fetches a result with all its bytes; undefined where there is none, or it does not fit. */
  private async fetch(remote: GuardedRemote, wanted: WantedResult, errand: Errand): Promise<Attempt | undefined> {
    const unused = (why: string): undefined => {
      if (!errand.signal.aborted) errand.notice(`what the remote ${remote.name} has of this work is not used: ${why}`);
    };
    const record = await remote.getResult(wanted.fingerprint, errand);
    if (record === undefined) return undefined;
    const foreign = readForeignResult(record, wanted);
    if (typeof foreign === 'string') return unused(foreign);
    for (const [port, artifact] of Object.entries(foreign.outputs))
      if (!(await this.fetchArtifact(remote, artifact, errand))) return unused(`its output "${port}" is missing or damaged there`);
    const { fingerprint, stage, ingredients, workDigest } = wanted;
    const attempt: Attempt = { ...foreign, facts: { ...foreign.facts, remote: remote.name } };
    await this.local.results.keep({ format: RESULT_FORMAT, fingerprint, stage, ingredients, attempts: [attempt] }, workDigest);
    return attempt;
  }

  /** Whether all bytes of an artifact are here now. */
  private async fetchArtifact(remote: GuardedRemote, { kind, digest, size }: Artifact, errand: Errand): Promise<boolean> {
    const fetchWhole = async (blob: string, bytes: number): Promise<boolean> =>
      (await this.fetchBlob(remote, blob, bytes, errand)) && this.local.artifacts.payload(blob)?.size === bytes;
    if (kind === 'file') return fetchWhole(digest, size);
    if (!(await this.fetchBlob(remote, digest, LARGEST_MANIFEST, errand))) return false;
    const files = this.local.artifacts.manifest(digest)?.files;
    if (files === undefined || files.reduce((sum, entry) => sum + entry.size, 0) !== size) return false;
    return forAll(files, (entry) => fetchWhole(entry.digest, entry.size));
  }

  private async fetchBlob(remote: GuardedRemote, digest: string, most: number, errand: Errand): Promise<boolean> {
    if (this.local.artifacts.payload(digest) !== undefined) return true;
    const received = await remote.get(digest, errand, (bytes) => this.local.artifacts.receive(digest, bytes, most));
    if (received === false) this.damaged.set(remote, new Set(this.damaged.get(remote)).add(digest));
    return received === true;
  }

  share(wanted: WantedResult, errand: Errand): void {
    if (!wanted.travels) return;
    for (const remote of this.remotes) {
      const before = this.sharing.get(remote) ?? Promise.resolve();
      this.sharing.set(
        remote,
        before.then(() => this.unlessDiskFails(errand, () => this.send(remote, wanted, errand))),
      );
    }
  }

  /** Sends content first and the record last, so that a record that is seen is whole. */
  private async send(remote: GuardedRemote, { fingerprint }: WantedResult, errand: Errand): Promise<void> {
    const result = this.read(fingerprint);
    if (result === undefined) return;
    const [attempt] = result.attempts;
    const digests = Object.values(attempt.outputs).flatMap(({ kind, digest }) => [
      ...(kind === 'file' ? [] : (this.local.artifacts.manifest(digest)?.files ?? []).map((entry) => entry.digest)),
      digest,
    ]);
    const areThere = await forAll([...new Set(digests)], async (digest) => {
      const isDamaged = this.damaged.get(remote)?.has(digest) === true;
      if (!isDamaged && (await remote.has(digest, errand)) === true) return true;
      const payload = remote.isLeftAlone ? undefined : this.local.artifacts.payload(digest);
      return payload !== undefined && remote.put(digest, payload, errand);
    });
    if (areThere) await remote.putResult(fingerprint, sealedLine(JSON.stringify({ ...result, attempts: [attempt] })), errand);
  }

  async shared(): Promise<void> {
    await Promise.all(this.sharing.values());
  }
}

/** Does something for all items, a few at once, until one fails; true if none did. */
async function forAll<Item>(items: readonly Item[], act: (item: Item) => Promise<boolean>): Promise<boolean> {
  const queue = items.values();
  let areDone = true;
  const work = async (): Promise<void> => {
    for (const item of queue) {
      if (!areDone) return;
      if (!(await act(item))) areDone = false;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return areDone;
}
