import type { RunRecord } from '../../model/run.ts';
import type { Outputs } from '../../model/store.ts';
import { emptyReach, type Reach } from '../../model/upkeep.ts';
import { type LocalContents, lockOf } from './contents.ts';
import type { LocalResults } from './results.ts';

/** All that runs reach: what they were made of and all that came out of them. */
interface RunReach extends Reach {
  /** Of results. */
  readonly fingerprints: Set<string>;
  /** The runs that executed what they reach. */
  readonly executedIn: Set<string>;
}

/** Says what runs reach. What nodes do is looked up once: runs that came out alike share theirs. */
export class RunReaches {
  private readonly contents: LocalContents;
  private readonly results: LocalResults;
  private readonly known = new Map<RunRecord['nodes'], RunReach>();

  constructor({ contents, results }: { readonly contents: LocalContents; readonly results: LocalResults }) {
    this.contents = contents;
    this.results = results;
  }

  /** What some runs reach together. */
  of(records: readonly RunRecord[]): RunReach {
    const all = { ...emptyReach(), fingerprints: new Set<string>(), executedIn: new Set<string>() };
    const parts = ['blobs', 'bundles', 'sources', 'fingerprints', 'executedIn'] as const;
    for (const nodes of new Set(records.map((record) => record.nodes))) {
      const own = this.known.get(nodes) ?? this.ofNodes(nodes);
      this.known.set(nodes, own);
      for (const part of parts) for (const name of own[part]) all[part].add(name);
    }
    for (const { sources } of records) for (const { digest } of Object.values(sources)) this.contents.reachSource(digest, all);
    return all;
  }

  private ofNodes(nodes: RunRecord['nodes']): RunReach {
    const reach = { ...emptyReach(), fingerprints: new Set<string>(), executedIn: new Set<string>() };
    const addOutputs = (outputs: Outputs): void => {
      for (const artifact of Object.values(outputs)) for (const digest of this.contents.ofArtifact(artifact)) reach.blobs.add(digest);
    };
    for (const { fingerprint, code, outputs, recipe } of Object.values(nodes)) {
      for (const digest of this.contents.ofCode(recipe)) reach.blobs.add(digest);
      const lock = lockOf(recipe);
      if (lock !== undefined) reach.blobs.add(lock);
      if (fingerprint !== undefined) reach.fingerprints.add(fingerprint);
      if (code !== undefined) {
        // Its bytes stay where only the note of them is lost.
        reach.blobs.add(code);
        this.contents.reachBundle(code, reach);
      }
      addOutputs(outputs ?? {});
    }
    for (const fingerprint of reach.fingerprints) {
      for (const { outputs, run } of this.results.read(fingerprint)?.attempts ?? []) {
        reach.executedIn.add(run);
        addOutputs(outputs);
      }
    }
    return reach;
  }
}
