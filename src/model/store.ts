import type { Artifact } from './artifact.ts';
import type { Source } from './pipeline.ts';
import type { Outcome } from './problem.ts';
import type { StoredResult } from './result.ts';
import type { RunRecord } from './run.ts';

/** A source as it stood when it was read. */
export interface Snapshot {
  readonly kind: 'dir' | 'file';
  /** Of the content: paths inside a folder count, where the source lies does not. */
  readonly digest: string;
  readonly size: number;
  /** With its dot, or empty. */
  readonly suffix: string;
}

/** A kernel lock on a piece of work. Whoever inherits the descriptor holds it too, until all of them are gone. */
export interface Lock {
  readonly descriptor: number;
  release(): void;
}

/** The folder of one attempt of a piece of work. */
export interface Workplace {
  /** The attempt's id: no other attempt has it. */
  readonly id: string;
  readonly folder: string;
  remove(): void;
}

/** A piece of work that one coordinator has to itself. */
export interface Claim {
  /** The attempts that coordinators left which are gone. Each must be recovered before the lock is taken. */
  readonly remains: readonly Workplace[];
  /** Takes the lock that whoever executes the work inherits, waiting until no one who inherited it lives; undefined if the signal comes first. */
  lock(signal: AbortSignal): Promise<Lock | undefined>;
  release(): void;
}

/** What is known of a bundle of stage code. */
export interface BundleRecord {
  /** SHA-256 of the bundle. */
  readonly digest: string;
  /** The source map's blob. */
  readonly map: string;
  /** The sources it was made of: shown path to digest. */
  readonly files: Readonly<Record<string, string>>;
}

/** Where artifacts, results and runs live. Nothing half-written is ever seen in it as whole. */
export interface Store {
  /** Absolute. */
  readonly root: string;
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  result(fingerprint: string): StoredResult | undefined;
  /** The results whose ingredients, all but the inputs, have this digest. */
  resultsOfWork(workDigest: string): readonly StoredResult[];
  /** Keeps a result durably; all that it names must be in the store. */
  keepResult(result: StoredResult, workDigest: string): void;
  /** The ports whose bytes are missing or damaged; what is damaged goes to quarantine. */
  brokenPorts(outputs: Readonly<Record<string, Artifact>>): readonly { readonly port: string; readonly damage: 'missing' | 'damaged' }[];
  /** Claims a piece of work, waiting while another coordinator has it; undefined if the signal comes first. */
  claim(work: string, signal: AbortSignal, onWait: () => void): Promise<Claim | undefined>;
  /** A fresh folder for an attempt. */
  workplace(work: string): Workplace;
  /** Takes a finished output into the store by moving it; refuses links that leave a folder, sockets and names that are not UTF-8. */
  collect(path: string, kind: 'dir' | 'file', suffix: string): Outcome<Artifact>;
  /** Gives an artifact as read-only files at a path. */
  place(artifact: Artifact, path: string): void;
  /** A note of how the files below a path stand, to see later whether anyone wrote there. */
  stamp(path: string): string;
  addBytes(bytes: Uint8Array): string;
  /** The bundle that was made of raw sources with this digest, whatever bundler made it. */
  bundleOf(rawDigest: string): BundleRecord | undefined;
  bundle(digest: string): BundleRecord | undefined;
  keepBundle(rawDigest: string, record: BundleRecord): void;
  readBytes(digest: string): Uint8Array | undefined;
  /** The folder of the last complete checkpoint of a piece of work, and where new ones go. */
  checkpoints(work: string): { readonly folder: string; remove(): void };
  /** Reads a source, or trusts an earlier reading if nothing about its files changed. */
  snapshot(source: Source): Outcome<Snapshot>;
  /** Keeps a source's bytes if it may; returns whether they are now in the store. */
  keepSource(source: Source, snapshot: Snapshot): Outcome<boolean>;
  /** The kept source with a digest, if its bytes are whole. */
  keptSource(digest: string): Snapshot | undefined;
  /** Gives a kept source at a path. */
  placeSource(snapshot: Snapshot, path: string): void;
  startRun(id: string): Lock;
  writeRun(record: RunRecord): void;
  /** Newest first, of one pipeline or of all; runs whose process is gone are shown as failed. */
  runs(pipeline?: string): Iterable<RunRecord>;
  run(id: string): RunRecord | undefined;
  /** Swaps the folder in which users find a pipeline's outputs; returns the path of each output. */
  publish(pipeline: string, outputs: ReadonlyMap<string, ReadonlyMap<string, Artifact>>): ReadonlyMap<string, string>;
  /** The path of a log, absolute. */
  logFile(run: string, node: string): string;
  /** Hashes everything; what is damaged goes to quarantine. */
  verify(): Promise<{ readonly checked: number; readonly damaged: readonly { readonly digest: string; readonly node: string }[] }>;
  /** Writes what was learned while reading, so that the next reading is cheap. */
  flush(): void;
}
