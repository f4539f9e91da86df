import type { Artifact, Manifest } from './artifact.ts';
import type { Source } from './pipeline.ts';
import type { Outcome, Problem } from './problem.ts';
import type { Attempt, Ingredients, StoredResult } from './result.ts';
import type { KeptNodes, KeptRecord, RunRecord } from './run.ts';
import type { RunRow } from './run-row.ts';
import type { Printouts } from './printouts.ts';
import type { StopWords } from './stop-word.ts';
import type { Contents, Maintenance } from './upkeep.ts';
import type { Lock, Sweeps, Workplaces } from './workplace.ts';

/** Outputs by port. */
export type Outputs = Readonly<Record<string, Artifact>>;

/** An output whose bytes are not whole. */
export interface BrokenPort {
  readonly port: string;
  readonly damage: 'missing' | 'damaged';
}

/** Bytes of a known size, which can be read more than once. */
export interface Payload {
  readonly size: number;
  /** Throws instead of ending where they turn out to be damaged. */
  bytes(): AsyncIterable<Uint8Array>;
}

/** What stands at a path: a file of these bytes, or a folder of this manifest. */
export type Content = Pick<Artifact, 'kind' | 'digest' | 'executable'>;

/** Told of files that are about to be moved away, absolute, with their digests. */
export type OnMove = (files: readonly { readonly path: string; readonly digest: string }[]) => void;

/** Content by its digest. Nothing half-written is ever seen as whole, and what is damaged goes to quarantine. */
export interface Artifacts {
  /** The ports whose bytes are missing or damaged; by their stamps, or with `thorough` by their bytes. */
  broken(outputs: Readonly<Record<string, Content>>, thorough?: boolean): readonly BrokenPort[];
  /** The digests of what outputs consist of that lies in files of its own: of this the store's `standing` says nothing. */
  apart(outputs: Readonly<Record<string, Content>>): readonly string[];
  /**
   * Takes a finished output over: what is left at the path is of no use. It is on the disk when a result has been kept; refuses links that leave
   * a folder, sockets and names that are not UTF-8. `onMove` is told of the files that are to be moved away, before any of them is.
   */
  collect(path: string, kind: 'dir' | 'file', suffix: string, onMove?: OnMove): Outcome<Artifact>;
  /**
   * Gives an artifact as read-only files at a path, hashing its bytes on the way. Returns how they stand, as `stamp` says it: every change of
   * their bytes from now on shows in their stamp, if it `proves`. Undefined where bytes are missing or damaged.
   */
  place(artifact: Artifact, path: string): string | undefined;
  /** A note of how the files below a path stand, to see later whether anyone wrote there. */
  stamp(path: string): string;
  /** Whether what stands as it did when it was placed holds what it held; else its bytes have to be looked at, since a file of it is a link, as to one of the store. */
  proves(stamp: string): boolean;
  /** Whether a path holds just this, by its bytes. */
  isAt(path: string, content: Content): boolean;
  /** Keeps bytes; returns their digest. */
  add(bytes: Uint8Array): string;
  /** Keeps files as a folder artifact. */
  addFolder(files: readonly NewFile[]): Artifact;
  /** The bytes of a digest; undefined where they are missing or damaged. */
  read(digest: string): Uint8Array | undefined;
  /** So many bytes from an offset on, fewer at the end; undefined where the content is missing or damaged. */
  readRange(digest: string, offset: number, length: number): Uint8Array | undefined;
  /** The bytes of a digest as a stream; undefined where they are missing or damaged. */
  payload(digest: string): Payload | undefined;
  /**
   * Takes bytes in from elsewhere, hashing them on the way. False where they are more than so many or have another digest: then nothing
   * of them is kept. They are on the disk when a result has been kept. Throws what reading them throws.
   */
  receive(digest: string, bytes: AsyncIterable<Uint8Array>, most: number): Promise<boolean>;
  /** What a folder artifact holds; undefined where its manifest is missing, damaged or none. */
  manifest(digest: string): Manifest | undefined;
}

/** A file to be kept. */
export interface NewFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

/** A result as one looks for it. */
export interface WantedResult {
  readonly fingerprint: string;
  /** Digest of its ingredients, all but the inputs. */
  readonly workDigest: string;
  readonly stage: string;
  readonly ingredients: Ingredients;
  /** What its outputs must be, by port. */
  readonly outputs: Readonly<Record<string, Pick<Artifact, 'kind' | 'suffix'>>>;
  /** Whether it holds on other machines too: nothing of it was measured. */
  readonly travels: boolean;
}

/** How the search for a result and its sharing are stopped, and told of. */
export interface Errand {
  readonly signal: AbortSignal;
  /** Told what went wrong with a remote; it is no error of the run. */
  notice(message: string): void;
}

/** A result whose outputs are whole. */
export interface FoundResult {
  readonly attempt: Attempt;
  /** The remote that it was fetched from; undefined: it was here. */
  readonly remote: string | undefined;
}

/** What came out of work, by its fingerprint. */
export interface Results {
  /** What is here, whole or not. */
  read(fingerprint: string): StoredResult | undefined;
  /**
   * The current attempt of what is here, whole or not: the same object as long as it is and anyone has it. What others have added within the
   * last moment may be missing, as it is of the works of `ofWork`.
   */
  attempt(fingerprint: string): Attempt | undefined;
  /** The same, if its outputs are whole. */
  whole(fingerprint: string): Attempt | undefined;
  /** The same as far as this process knows: what others have added is not looked for. */
  known(fingerprint: string): Attempt | undefined;
  /** Those of some results whose records are files of their own, as former stores have them, or are not here. */
  apart(fingerprints: readonly string[]): readonly string[];
  /** Sees what others have added to a work that this process has claimed, so that what is kept of it stands beside that. */
  see(claimed: string): void;
  /**
   * A whole result: from here, with all that others have added, else from a remote, from where it is fetched and kept here. `claimed`: its work,
   * which this process has claimed; others have added nothing to it unless they claimed it too.
   */
  find(wanted: WantedResult, errand: Errand, claimed?: string): Promise<FoundResult | undefined>;
  /** What a remote has of a work, by its record alone: nothing is fetched. Missing where there are no remotes. */
  look?(wanted: WantedResult, errand: Errand): Promise<{ readonly attempt: Attempt; readonly remote: string } | undefined>;
  /** Notes of a result that is about to be kept that remotes are to have it: whoever is killed before it is shared has left that to the next. */
  promise?(wanted: WantedResult): void;
  /** Offers a kept result to the remotes, beside what else goes on. */
  share(wanted: WantedResult, errand: Errand): void;
  /** Ends when all that was shared, now or by runs that could not send it, has arrived or was given up. */
  shared(errand: Errand): Promise<void>;
  /** The results whose ingredients, all but the inputs, have this digest. */
  ofWork(workDigest: string): readonly StoredResult[];
  /**
   * Keeps a result, before those with other bytes; all that it names must be in the store. Ends when it and that are on the disk, with the
   * attempt that was the current one. `mayWait`: nobody waits for it, so it may come to the disk a moment later, together with others, or when
   * `hurry` is called.
   */
  keep(result: StoredResult, workDigest: string, mayWait?: boolean): Promise<Attempt | undefined>;
  /** What may wait waits no longer. */
  hurry(): void;
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

/** The code of stages. The bytes themselves are content like any other. */
export interface Bundles {
  read(digest: string): BundleRecord | undefined;
  /** Whether a bundle is here with its note and its source map. */
  isWhole(digest: string): boolean;
  /** The bundle that was made of raw sources with this digest, whatever bundler made it, if its code is whole. */
  ofSources(rawDigest: string): BundleRecord | undefined;
  keep(rawDigest: string, record: BundleRecord): void;
}

/** A source as it stood when it was read. */
export interface Snapshot {
  readonly kind: 'dir' | 'file';
  /** Of the content: paths inside a folder count, where the source lies does not. */
  readonly digest: string;
  readonly size: number;
  /** With its dot, or empty. */
  readonly suffix: string;
  /** Of a file: it may be executed. It is no part of the digest. */
  readonly executable?: true;
}

/** Files and folders from outside. */
export interface Sources {
  /** Reads a source, or trusts an earlier reading if nothing about its files changed; as records of a format or of the current one know it. */
  snapshot(source: Source, format?: number): Outcome<Snapshot>;
  /** Reads a source to run with it: the first time that it is read, it is kept in passing if it may be. */
  take(source: Source): Outcome<Snapshot>;
  /** Keeps a source's bytes if it may; returns whether they are now in the store. */
  keep(source: Source, snapshot: Snapshot): Outcome<boolean>;
  /** The kept source with a digest, if its bytes are whole. A file's suffix is not kept with it, and its executable bit is that of who kept it. */
  kept(digest: string): Snapshot | undefined;
  /** Whether the kept source with a digest is there, and its bytes are whole. */
  isKept(digest: string): boolean;
  /** The files of a kept source, a single one under its name; undefined where it is not kept. */
  manifest(digest: string): Manifest | undefined;
  /** What a file of a kept source holds; undefined where its bytes are missing or damaged. */
  readFile(digest: string, path: string): Uint8Array | undefined;
  /**
   * Gives a kept source at a path, as read-only files, hashing its bytes on the way. Returns how they stand, as `stamp` of artifacts says it;
   * undefined where bytes are missing or damaged.
   */
  place(snapshot: Snapshot, path: string): string | undefined;
}

/** Lines that are appended to a file. */
export interface LineWriter {
  write(line: string): void;
  /** Ends when all lines are written. */
  close(): Promise<void>;
}

/** A node's log in a run. */
export interface LogFile {
  /** Absolute. */
  readonly path: string;
  /** As a run's record names it. */
  readonly name: string;
}

/** Which runs are meant, beside those of a pipeline. */
export interface RunsAmong {
  /** Those that were given these `--set` options. */
  readonly set?: readonly string[] | undefined;
  /** Those that are older than the run of this id. */
  readonly before?: string | undefined;
  /** `false`: those that no sweep ran. */
  readonly trials?: boolean | undefined;
}

/** The records of runs, and what they told while they ran. */
export interface Runs {
  /** Marks a run as live until the lock is released or the process is gone. */
  start(id: string): Lock;
  write(record: RunRecord): void;
  /** The same while this thread goes on: it is seen, and durable, when this ends. */
  writeBeside(record: RunRecord): Promise<void>;
  /** Keeps the nodes of a record, as the records of runs name them that came out alike. */
  keepNodes(nodes: RunRecord['nodes']): KeptNodes;
  /** The nodes that a kept record names; undefined where they are missing or damaged. */
  nodesOf(kept: KeptNodes): RunRecord['nodes'] | undefined;
  /** Whether the nodes that a kept record names are there, as they were kept. */
  hasNodes(kept: KeptNodes): boolean;
  /** Writes the record of a run whose nodes are kept already, with its row; a live run has none yet. */
  writeKept(record: KeptRecord, row?: RunRow): void;
  /** A run whose process is gone is shown as interrupted; undefined where the record is missing or damaged. */
  read(id: string): RunRecord | undefined;
  /** Sees what was recorded on other machines meanwhile, or, of a run, what it wrote; nothing where no other machine can write. */
  lookAnew(run?: string): void;
  /** Whether the process of a run lives; it is asked without reading the record. */
  isLive(id: string): boolean;
  /** Newest first, those of damaged records included. */
  ids(): readonly string[];
  /** Newest first, of one pipeline or of all. */
  all(pipeline?: string, among?: RunsAmong): Iterable<RunRecord>;
  /** What lists need of all runs, newest first. */
  rows(): Iterable<RunRow>;
  /** Adds to the events of a run, a line each; told why where the system does not take them any more. */
  appendEvents(id: string, onLost: (error: unknown) => void): LineWriter;
  /** The lines of a run's events. */
  events(id: string): Iterable<string>;
  /** The file of a run's events, which grows as long as it is live. */
  eventFile(id: string): LogFile;
  log(id: string, node: string): LogFile;
  /** At most so many of the last lines of a node's log. */
  lastLines(id: string, node: string, most: number): readonly string[];
}

/** A name given to a run or a sweep. */
export interface Tag {
  readonly name: string;
  /** The id of the run, or of the sweep. */
  readonly run: string;
}

/** What a tag may be called: it cannot be taken for an id or the beginning of a hash. */
export function isTagName(name: string): boolean {
  return /^[A-Za-z][\w.-]{0,99}$/.test(name) && !/^[0-9a-f]{4,64}$/.test(name);
}

/** Names and pins of runs and sweeps. Both keep a run, or all runs of a sweep, from being removed. */
export interface Tags {
  /** The id of the run or sweep that a tag names. */
  read(name: string): string | undefined;
  /** All tags by name. */
  all(): readonly Tag[];
  set(name: string, run: string): void;
  delete(name: string): void;
  /** The ids of all that is pinned. */
  pins(): readonly string[];
  pin(run: string): void;
  unpin(run: string): void;
}

/** Outputs by node and port. */
export type NodeOutputs = ReadonlyMap<string, ReadonlyMap<string, Artifact>>;

/** Outputs that were put where people find them. */
export interface Placed {
  /** The path of each `node.port`. */
  readonly paths: ReadonlyMap<string, string>;
  /** What could not be put there: its bytes are missing or damaged. */
  readonly lost: readonly { readonly node: string; readonly port: string }[];
}

/** Outputs that were put where people look for them, and how their folder stands then. */
export interface PublishedOutputs extends Placed {
  readonly standing: string;
}

/** What people and their editors find in the store. */
export interface Published {
  /** Keeps others from publishing outputs of a pipeline, waiting while another does; undefined if the signal comes first. */
  take(pipeline: string, signal: AbortSignal): Promise<Lock | undefined>;
  /**
   * Swaps the folder of a pipeline's outputs as one; of nodes without new outputs those stay that the pipeline still has (`nodes`; undefined:
   * all stay). Where anything is lost, the folder stays as it was.
   */
  outputs(pipeline: string, outputs: NodeOutputs, nodes?: readonly string[]): PublishedOutputs;
  /**
   * Swaps the one output that differs, of a folder of outputs that stands as told, and leaves all others. Undefined where it does not stand so, or
   * more differs than one file: then all outputs are to be put there.
   */
  change(pipeline: string, outputs: NodeOutputs, standing: string): PublishedOutputs | undefined;
  /** Puts outputs into a folder of the user, as `<node>/<port>`. */
  placeIn(folder: string, outputs: NodeOutputs): Placed;
  /** Where outputs of a pipeline lie now, by `node.port`: those of others, or of none, are left out. */
  where(pipeline: string, outputs: NodeOutputs): ReadonlyMap<string, string>;
  /** How the folder of a pipeline's outputs stands; another text after any change in it. */
  standing(pipeline: string): string;
  /** When the schema of pipelines for editors was written, in milliseconds since 1970; 0 where it never was. */
  schemaTime(): number;
  /** Writes a schema for editors, of pipelines or of the project file; with a time it counts as written then. */
  writeSchema(kind: 'pipeline' | 'project', text: string, time?: number): void;
}

/** Where artifacts, results and runs live, as ports by purpose. Opening it for reading writes nothing. */
export interface Store {
  /** Where it is, for messages; no one joins a path to it. */
  readonly location: string;
  /** A folder for what can be made again at any time. */
  readonly cache: string;
  /** The format of the records that are written here, and of all that they name. Only a scratch store may have a former one. */
  readonly format: number;
  /** Why nothing can be written to it, where that is known: then it is only read. */
  readonly unwritable: Problem | undefined;
  readonly artifacts: Artifacts;
  readonly results: Results;
  readonly bundles: Bundles;
  readonly sources: Sources;
  readonly runs: Runs;
  readonly tags: Tags;
  readonly workplaces: Workplaces;
  readonly sweeps: Sweeps;
  readonly stops: StopWords;
  readonly printouts: Printouts;
  readonly published: Published;
  readonly contents: Contents;
  readonly maintenance: Maintenance;
  /**
   * How the files stand that hold small content and the records of results: as long as it stays the same, so does all that was found in them.
   * Empty as long as a change might not be told by it.
   */
  standing(): string;
  /** Writes what was learned while reading, so that the next reading is cheap. */
  flush(): void;
}
