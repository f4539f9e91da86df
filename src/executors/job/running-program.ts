import type { Stoppable } from './stopping.ts';

/** How a process ended. */
export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Processes that it left and that were found by their mark. */
  readonly survivors: number;
  /** Its folders are as they were, and empty but for the one that it worked in. */
  readonly isPlain?: boolean;
  /** Why it was not started, if the system said so. */
  readonly refused?: NodeJS.ErrnoException;
}

/** The lock on a work. */
export interface WorkLock {
  readonly descriptor: number;
  /** Where it lies, for a supervisor that does not inherit it. */
  readonly path?: string;
}

/** Who takes what a program says, piece by piece, without a character being cut. */
export interface Listener {
  /** What it prints, on its output and on its errors. */
  readonly printed: readonly [(text: string) => void, (text: string) => void];
  /** What it and its supervisor tell on the events. */
  readonly told: (text: string) => void;
}

/** Where an attempt's program runs, and with what. */
export interface Surroundings {
  readonly attempt: string;
  /** The lock on the work: the supervisor holds it too, and lives as long as anything of the program does. */
  readonly lock: WorkLock | undefined;
  readonly listener: Listener;
}

/** A program that runs under a supervisor. */
export interface RunningProgram extends Stoppable {
  /** Resolves when nothing of it lives any more and all that it said has been read. */
  end(): Promise<Exit>;
}

/** Milliseconds after which a supervisor that does not end is killed itself: something halted it. */
export const PATIENCE = 7000;
