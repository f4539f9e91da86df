import { beganBy } from '../cluster/ownership.ts';
import { OwnJob } from './own-job.ts';
import type { AwaitedPilots } from './pilot-group.ts';
import type { Squeue } from './squeue.ts';
import type { SlurmJob } from './watch.ts';
import type { Word } from './word.ts';

/** What an attempt needs of the list that it is on. */
export interface OnList {
  /** The list's folder. */
  readonly list: string;
  readonly squeue: Squeue;
  readonly environment: Record<string, string>;
  /** What it waits for as long as no pilot has taken it. */
  readonly awaited: () => AwaitedPilots;
  /** A pilot has it, and has not said that it is done with it. */
  readonly isTaken: () => boolean;
  /** Calls back when that changes; returns what ends that. */
  readonly onNews: (call: () => void) => () => void;
  /** Nothing has to be done for it any more. */
  readonly end: () => void;
}

/** The job of an attempt that a pilot executes among others: at first nobody's, then the pilot's. */
export class PilotedJob implements SlurmJob {
  private readonly folder: string;
  private readonly on: OnList;
  private pilot: OwnJob | undefined;
  private isUnwanted = false;

  constructor(folder: string, on: OnList) {
    this.folder = folder;
    this.on = on;
  }

  /** Its attempt's list. */
  get list(): string {
    return this.on.list;
  }

  /** What Slurm refused the pilots for that it waited for. */
  get refusal(): AwaitedPilots['reason'] {
    return this.pilot === undefined ? this.on.awaited().reason : undefined;
  }

  get id(): string | undefined {
    return (this.begun() ?? this.on.awaited()).id;
  }

  get word(): Word | undefined {
    return (this.begun() ?? this.on.awaited()).word;
  }

  get isForgotten(): boolean {
    return this.begun()?.isForgotten === true;
  }

  get isLost(): boolean {
    return this.isUnwanted || this.on.awaited().reason !== undefined;
  }

  get isTold(): boolean {
    // A pilot that lives on tells nothing of an attempt that ended badly.
    return !this.on.isTaken() || this.begun()?.isTold !== false;
  }

  async cancel(): Promise<unknown> {
    this.isUnwanted = true;
    return this.begun()?.cancel();
  }

  onNews(call: () => void): () => void {
    return this.on.onNews(call);
  }

  letGo(): void {
    this.pilot?.letGo();
    this.on.end();
  }

  /** The pilot that has begun it. */
  private begun(): OwnJob | undefined {
    const found = this.pilot === undefined ? beganBy(this.folder) : undefined;
    if (found !== undefined) this.pilot = new OwnJob(this.on.squeue, { ...found, environment: this.on.environment });
    return this.pilot;
  }
}
