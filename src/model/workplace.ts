import type { LineWriter, LogFile } from './store.ts';
import type { Asker, Who } from './waiting.ts';

/**
 * A lock on a file. Of one that is inherited, whoever inherits the descriptor, or takes it at its path beside, holds it until all of them are
 * gone; another one ends with its process.
 */
export interface Lock {
  readonly descriptor: number;
  readonly path: string;
  readonly isInherited: boolean;
  release(): void;
}

/** The folder of one attempt of a piece of work. */
export interface Workplace {
  /** The attempt's id: no other attempt has it. */
  readonly id: string;
  readonly folder: string;
  /** Returns what refused to be removed, each as a path and why. */
  remove(): readonly string[];
  /** As `remove`, but its folders, which are as new but for what lies in the working folder, are given to another attempt if that can be emptied. */
  giveOn(): readonly string[];
}

/** A piece of work that one coordinator has to itself. */
export interface Claim {
  /** The attempts that coordinators left which are gone. Each must be recovered before the lock is taken. */
  readonly remains: readonly Workplace[];
  /** Takes the lock that whoever executes the work inherits, waiting until no one who inherited it lives; undefined if the signal comes first. */
  lock(signal: AbortSignal): Promise<Lock | undefined>;
  release(): void;
}

/** Whose finished work a kept checkpoint is of. */
export interface CheckpointOwner {
  /** The run that executed it. */
  readonly run: string;
  /** Of its result. */
  readonly fingerprint: string;
  /** It was asked to be kept. */
  readonly asked: boolean;
}

/** A finished work from whose checkpoint a larger budget can go on. */
export interface FinishedWork extends CheckpointOwner {
  readonly work: string;
}

/** The checkpoints of a piece of work. What is removed returns what refused, each as a path and why. */
export interface Checkpoints {
  /** Where the last complete ones lie, and new ones go. */
  readonly folder: string;
  remove(): readonly string[];
  /** Removes all but the newest of finished work, and notes whose it is. */
  keepNewest(owner: CheckpointOwner): readonly string[];
  /** Removes them unless someone has the work now. */
  drop(): readonly string[];
}

/** Where work is done, once at a time. */
export interface Workplaces {
  /** Claims a piece of work, waiting while another coordinator has it; undefined if the signal comes first. */
  claim(work: string, asker: Asker): Promise<Claim | undefined>;
  /** A folder for an attempt, in which are the empty folders `work`, `home` and `tmp`. */
  make(work: string): Workplace;
  /** Removes folders that no attempt was given yet. */
  tidy(): void;
  /** The checkpoints of a piece of work. */
  checkpoints(work: string): Checkpoints;
  /** The finished works whose newest checkpoint was kept. */
  finished(): readonly FinishedWork[];
}

/** A file of one JSON value a line that only grows. A line that a crash cut off is as if it had not been written. */
export interface GrowingLines {
  read(): readonly unknown[];
  /** Begins anew with a line. */
  begin(line: object): void;
  append(line: object): void;
  /** Adds a line; it outlives a power cut when this ends, with those before it. */
  appendDurably(line: object): Promise<void>;
}

/** What a sweep keeps: it is free to be written to while it is held. */
export interface SweepPlace {
  readonly journal: GrowingLines;
  /** Adds to its events, a line each; told why where the system does not take them any more. */
  appendEvents(onLost: (error: unknown) => void): LineWriter;
  /** The folder of its tables and plots. */
  readonly folder: string;
  release(): void;
}

/** A sweep as it is kept. */
export interface KeptSweep {
  /** The lines of its journal that count. */
  readonly lines: readonly unknown[];
  /** Whether it is being run now. */
  readonly isLive: boolean;
  /** The folder of its tables and plots; it need not be there. */
  readonly folder: string;
}

/** Sweeps by id. */
export interface Sweeps {
  /** All of them, sorted. */
  ids(): readonly string[];
  /** Sees what was done on other machines meanwhile; nothing where no other machine can write. */
  lookAnew(): void;
  /** Whether a sweep is being run; it is asked without reading its journal. */
  isLive(id: string): boolean;
  /** The file of a sweep's events, those of all its starts. */
  eventFile(id: string): LogFile;
  /** What is kept of a sweep; undefined where there is no such. */
  read(id: string): KeptSweep | undefined;
  /** Takes a sweep over in someone's name; where another process has it, tells who that is as far as it is known. */
  open(id: string, who: Who): SweepPlace | { readonly takenBy: Who | undefined };
}
