import type { Outcome, Problem } from './problem.ts';
import type { RunRecord } from './run.ts';
import type { Payload, Store } from './store.ts';
import type { Asker } from './waiting.ts';

/** What something in a store is made of, by digest. */
export interface Reach {
  readonly blobs: Set<string>;
  readonly bundles: Set<string>;
  readonly sources: Set<string>;
}

/** A reach of nothing. */
export function emptyReach(): Reach {
  return { blobs: new Set(), bundles: new Set(), sources: new Set() };
}

/** What a record reaches, and what of it the store lacks, in words. */
export interface RecordReach extends Reach {
  readonly missing: string[];
  /** Source maps of its code that are lost: they only explain errors. */
  readonly leftOut: string[];
}

/** A store inside another's scratch folder. Unless it is removed, it stays until the next gc. */
export interface ScratchStore {
  readonly store: Store;
  remove(): void;
}

/** What runs are made of, to take it elsewhere. */
export interface Contents {
  /**
   * What a record's nodes can be run again from: their code; and of their outputs the manifests, or with `outputs` all bytes. Sources
   * are left to the caller; a manifest or a source map that is gone is no loss to running it again. All bytes are hashed.
   */
  ofRecord(record: RunRecord, nodes: ReadonlySet<string>, options: { readonly outputs: boolean }): RecordReach;
  /** Adds a kept source, whose bytes it hashes; false if anything of it is missing or damaged. */
  addSource(digest: string, reach: Reach): boolean;
  /** The first thing about a record's code and sources that is missing or is not what its digest says, in words; for stores from elsewhere. */
  flawOf(record: RunRecord): string | undefined;
  /**
   * Takes the notes of code and kept sources of a record that came from elsewhere, by their names in a pack, where there are none yet. Returns
   * in words what is wrong with them, or with what they name; then none of them is kept.
   */
  takeNotes(record: RunRecord, notes: ReadonlyMap<string, Uint8Array>): string | undefined;
  /** Opens a store of its own that holds a reach and nothing else, for records of a format or of the current one. */
  scratch(name: string, reach?: Reach, format?: number): Outcome<ScratchStore>;
  /** The files of a reach as a pack names them, sorted by name. */
  entries(reach: Reach): Iterable<PackEntry>;
}

/** A file of a pack. */
export interface PackEntry extends Payload {
  readonly name: string;
}

/** Which runs are kept beside those that are tagged, pinned or live; without a number, all. */
export interface KeepPolicy {
  readonly runs: number | undefined;
  readonly days: number | undefined;
  /** The ids of runs that go, whatever else says that they stay. */
  readonly without?: readonly string[] | undefined;
  /** Bytes that the store may take: of the runs that are left, the oldest go until it does. */
  readonly size?: number | undefined;
}

/** What may go from a store. `left over` is what killed processes, and former Stillrooms, left. */
export type GarbageKind = 'results' | 'contents' | 'records' | 'code' | 'sources' | 'checkpoints' | 'logs' | 'quarantine' | 'left over';

/** What no kept run reaches. */
export interface Garbage {
  /** Newest first. */
  readonly removedRuns: readonly string[];
  /** Kept runs with why. */
  readonly keptRuns: ReadonlyMap<string, string>;
  /** Fingerprints of results that no kept run reaches. */
  readonly results: readonly string[];
  readonly blobs: readonly string[];
  /** Other files and folders, relative to the store. */
  readonly paths: readonly string[];
  /** Bytes that are freed. */
  readonly bytes: number;
  /** What is freed by kind, largest first: how much, and how many. */
  readonly kinds: readonly { readonly kind: GarbageKind; readonly count: number; readonly bytes: number }[];
  /** Those of them that only the removed runs reached; the others were of no use before. */
  readonly ofRuns: number;
  /** Bytes that the store takes before, without what is idle in its segments. */
  readonly size: number;
}

/** What takes room in a store, by what it is for. `index` is what can be made again at no cost; what lies in no folder of the store is `other`. */
export type Room =
  | 'outputs'
  | 'sources'
  | 'small content'
  | 'checkpoints'
  | 'logs'
  | 'latest'
  | 'records'
  | 'scratch'
  | 'quarantine'
  | 'index'
  | 'other';

/** How much of a store's room is taken by what, in bytes. */
export interface Usage {
  /** Largest first, nothing that takes none. */
  readonly rooms: readonly { readonly room: Room; readonly bytes: number }[];
  readonly bytes: number;
  /** What a `gc` that keeps every run would free. */
  readonly reclaimable: number;
}

/** Something in a store that is not as it was written. */
export interface Finding {
  /** `content` are bytes by their digest; `index` is what can be made again at no cost. */
  readonly kind:
    | 'result'
    | 'run'
    | 'code'
    | 'source'
    | 'content'
    | 'tag'
    | 'pin'
    | 'checkpoint'
    | 'attempt'
    | 'sweep'
    | 'events'
    | 'index'
    | 'folder';
  /** A fingerprint, a run's id, a digest, a tag, a sweep's id, or a path in the store. */
  readonly id: string;
  /** What it is, in words. */
  readonly name: string;
  /** `missing`: something that is kept names it, and it is not there. */
  readonly damage: 'damaged' | 'missing';
  /** What its loss costs, in words. */
  readonly cost: string;
}

/** What looking at every file of a store found. */
export interface Verification {
  /** How many files and contents were looked at. */
  readonly checked: number;
  /** The bytes of the contents that are whole. */
  readonly bytes: number;
  /** What is found for the first time. */
  readonly damaged: readonly Finding[];
  /** What was missing the last time, and still is. */
  readonly stillMissing: readonly Finding[];
  /** Why what is damaged could not be moved to quarantine: the store is only read. */
  readonly unmoved?: Problem;
}

/** Upkeep of a store as a whole. */
export interface Maintenance {
  /** Looks at every file, whatever lies there; what is damaged goes to quarantine. */
  verify(): Promise<Verification>;
  /** Waits until no one else uses the store, and keeps others out; false if the signal comes first. */
  takeAlone(asker: Asker): Promise<boolean>;
  /** Lets others in again. */
  leave(): void;
  /** What decides which runs stay and cannot be read, in words: records of runs, tags and pins that are damaged, and records of a newer format. */
  undecidable(): { readonly damaged: readonly string[]; readonly newer: readonly string[] };
  /** Looks for what no kept run reaches. Nothing is changed. */
  findGarbage(policy: KeepPolicy): Garbage;
  /**
   * Removes it: records first and bytes last, so that wherever it is cut off nothing kept is missing anything; `thorough`: and gives back all
   * room, however much must be written anew for it. Returns what refused, each as a path and why.
   */
  remove(garbage: Garbage, options?: { readonly thorough?: boolean }): readonly string[];
  /** What takes how much room. Looks at all files. */
  usage(): Usage;
}
