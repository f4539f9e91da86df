import type { Remote } from '../../model/remote.ts';
import { type Attempt, RESULT_FORMAT, type StoredResult } from '../../model/result.ts';
import type { Errand, FoundResult, Results, Store, WantedResult } from '../../model/store.ts';
import { unlessDiskFails } from './disk.ts';
import { Fetching } from './fetching.ts';
import { readForeignResult } from './foreign-result.ts';
import { GuardedRemote, PATIENCE, type Patience } from './guarded-remote.ts';
import { Outgoing } from './outgoing.ts';
import { bringOutputs } from './outputs.ts';
import { Shelf } from './shelf.ts';

/** A local store whose results are also looked for in remotes, in their order, and shared with them. All else is the local store. */
export function withRemotes(store: Store, remotes: readonly Remote[], patience = PATIENCE): Store {
  return remotes.length === 0 ? store : { ...store, results: new LayeredResults(store, remotes, patience) };
}

class LayeredResults implements Results {
  private readonly local: Store;
  private readonly shelves: readonly Shelf[];
  private readonly outgoing: readonly Outgoing[];

  constructor(local: Store, remotes: readonly Remote[], patience: Patience) {
    this.local = local;
    // Who may not write may read all the same, so each is guarded for itself.
    this.shelves = remotes.flatMap((remote) => {
      const guarded = new GuardedRemote(remote, patience);
      return remote.trust.map((prefix) => new Shelf(guarded, prefix));
    });
    this.outgoing = remotes.flatMap((remote) => Outgoing.to(remote, local, patience));
  }

  read(fingerprint: string): StoredResult | undefined {
    return this.local.results.read(fingerprint);
  }

  attempt(fingerprint: string): Attempt | undefined {
    return this.local.results.attempt(fingerprint);
  }

  whole(fingerprint: string): Attempt | undefined {
    return this.local.results.whole(fingerprint);
  }

  known(fingerprint: string): Attempt | undefined {
    return this.local.results.known(fingerprint);
  }

  apart(fingerprints: readonly string[]): readonly string[] {
    return this.local.results.apart(fingerprints);
  }

  ofWork(workDigest: string): readonly StoredResult[] {
    return this.local.results.ofWork(workDigest);
  }

  keep(result: StoredResult, workDigest: string, mayWait = false): Promise<Attempt | undefined> {
    return this.local.results.keep(result, workDigest, mayWait);
  }

  hurry(): void {
    this.local.results.hurry();
  }

  see(claimed: string): void {
    this.local.results.see(claimed);
  }

  async find(wanted: WantedResult, errand: Errand, claimed?: string): Promise<FoundResult | undefined> {
    const found = await this.local.results.find(wanted, errand, claimed);
    if (found !== undefined || !wanted.travels) return found;
    for (const shelf of this.shelves) {
      const attempt = await unlessDiskFails(errand, () => this.fetch(shelf, wanted, errand));
      if (attempt !== undefined) return { attempt, remote: shelf.name };
    }
    return undefined;
  }

  async look(wanted: WantedResult, errand: Errand): Promise<{ readonly attempt: Attempt; readonly remote: string } | undefined> {
    if (!wanted.travels) return undefined;
    for (const shelf of this.shelves) {
      const found = await shelf.record('result', wanted.fingerprint, errand);
      const attempt = typeof found === 'object' ? readForeignResult(found.record, wanted) : found;
      if (typeof attempt === 'object') return { attempt, remote: shelf.name };
      if (attempt !== undefined) tellUnused(shelf, attempt, errand);
    }
    return undefined;
  }

  /** Fetches a result with all its bytes; undefined where there is none, or it does not fit. */
  private async fetch(shelf: Shelf, wanted: WantedResult, errand: Errand): Promise<Attempt | undefined> {
    const outgoing = this.outgoing.find(({ shelf: { remote, prefix } }) => remote.name === shelf.remote.name && prefix === shelf.prefix);
    const found = await shelf.record('result', wanted.fingerprint, errand);
    if (found === undefined) return undefined;
    const foreign = typeof found === 'string' ? found : readForeignResult(found.record, wanted);
    if (typeof found === 'string' || typeof foreign === 'string') {
      outgoing?.foundUnfit(wanted.fingerprint, String(foreign));
      return tellUnused(shelf, String(foreign), errand);
    }
    const lost = await bringOutputs(new Fetching({ shelf, local: this.local, packs: found.packs, errand }), this.local, foreign.outputs);
    if (lost !== undefined) {
      if (!errand.signal.aborted) outgoing?.foundDamaged(wanted.fingerprint, lost.digests);
      return tellUnused(shelf, `its output "${lost.port}" is missing or damaged there`, errand);
    }
    const { fingerprint, stage, ingredients, workDigest } = wanted;
    const attempt: Attempt = { ...foreign, facts: { ...foreign.facts, remote: shelf.remote.name } };
    await this.local.results.keep({ format: RESULT_FORMAT, fingerprint, stage, ingredients, attempts: [attempt] }, workDigest);
    return attempt;
  }

  promise({ fingerprint, travels }: WantedResult): void {
    if (travels) for (const { notes } of this.outgoing) notes.markUnsent(fingerprint);
  }

  share(wanted: WantedResult, errand: Errand): void {
    if (wanted.travels) for (const one of this.outgoing) one.add(wanted.fingerprint, errand);
  }

  async shared(errand: Errand): Promise<void> {
    await Promise.all(this.outgoing.map((one) => one.arrived(errand)));
  }
}

function tellUnused(shelf: Shelf, why: string, { signal, notice }: Errand): undefined {
  if (!signal.aborted) notice(`what the remote ${shelf.name} has of this work is not used: ${why}`);
}
