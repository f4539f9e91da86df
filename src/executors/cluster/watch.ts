import { monotonic } from '../../model/clock.ts';
import type { JobEvent, Stop } from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import { EventReader, readExit, type StopWord, writeStop } from '../job/attempt-files.ts';
import { fence, forgetOwnership, type Standing, standingOf } from './ownership.ts';

/** Milliseconds between two looks at an attempt's folder: few at first, for what is short. */
const PAUSES = { first: 20, last: 1000, alive: 5000, waiting: 30_000 };

/** Where many attempts are watched, the pauses grow until all together are looked at so often a second, which a file server bears. */
const LOOKS = 50;

/** Attempts that this process watches. */
let watchedNow = 0;

/** The longest pause: what runs tells its lines in time, and of what waits the cluster has to tell when that changes. */
function longestPause<Word>(standing: Standing, { onNews }: ClusterJob<Word>): number {
  const most = standing === 'alive' ? PAUSES.alive : onNews === undefined ? PAUSES.last : PAUSES.waiting;
  return Math.max(PAUSES.last, Math.min((1000 * watchedNow) / LOOKS, most));
}

/** Milliseconds that a job has, beyond the time of its node, before it is cancelled. */
const PATIENCE = 5000;

/** Milliseconds of grace that a node has where nothing is said. */
const USUAL_GRACE = 8000;

/** The job of an attempt, as far as its cluster tells of it: hints, never the truth. */
export interface ClusterJob<Word> {
  /** The last that the cluster said of it. */
  readonly word: Word | undefined;
  /** An attempt that has not begun never will. */
  readonly isLost: boolean;
  /** No more will be known of how an attempt ended that has left no record. */
  readonly isTold: boolean;
  /** Ends it, or sees to it that the attempt does not begin. */
  cancel(): Promise<unknown>;
  letGo(): void;
  /** Calls back when the cluster says something else of it than before; returns what ends that. */
  onNews?(call: () => void): () => void;
}

/** What watching an attempt needs beside its folder. */
export interface Watching<Word> {
  readonly clusterJob: ClusterJob<Word>;
  /** Why it does not go on, for people; undefined: nothing is known of it. */
  readonly waits: (standing: Standing) => string | undefined;
  /** Milliseconds that its node has to end; undefined: as usual. */
  readonly grace: number | undefined;
  readonly emit: (event: JobEvent) => void;
  readonly stop: Stop;
  /** Whether a record says all by itself; without, all but those of what was stopped do. */
  readonly isTelling?: (exit: ExitRecord) => boolean;
}

/** What came of an attempt; `gone`: nothing says how it ended but the cluster's last word. */
export type AttemptEnd<Word> =
  | { readonly exit: ExitRecord; readonly word?: Word }
  | { readonly gone: Word | undefined; readonly began: boolean };

/** Hands what a run is told on to a job; cancels one that does not obey, or has not begun. */
class StopTeller<Word> {
  private readonly folder: string;
  private readonly watching: Watching<Word>;
  private told: StopWord | undefined;
  private cancelAt = Number.POSITIVE_INFINITY;

  constructor(folder: string, watching: Watching<Word>) {
    this.folder = folder;
    this.watching = watching;
  }

  tell(standing: Standing): void {
    const { stop, grace = USUAL_GRACE, clusterJob } = this.watching;
    const word = stop.forced.aborted ? 'kill' : stop.asked.aborted ? 'ask' : undefined;
    const now = monotonic();
    if (word !== undefined && word !== this.told) {
      writeStop(this.folder, word);
      this.told = word;
      this.cancelAt = standing === 'waiting' ? now : now + PATIENCE + (word === 'ask' ? grace : 0);
    }
    if (now < this.cancelAt) return;
    this.cancelAt = now + PATIENCE;
    void clusterJob.cancel();
  }
}

/** Waits for a while, until the run is stopped, or until there is news. */
function pause<Word>(milliseconds: number, { clusterJob, stop: { asked, forced } }: Watching<Word>): Promise<void> {
  const next = asked.aborted ? forced : asked;
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      next.removeEventListener('abort', end);
      unwatch?.();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    if (!next.aborted) next.addEventListener('abort', end);
    const unwatch = clusterJob.onNews?.(end);
  });
}

/** Tells why a job does not begin, or stands still, once for each reason. */
function waitTeller<Word>({ node }: JobSpecification, { waits, emit }: Watching<Word>): (standing: Standing) => void {
  const told = new Set<string>();
  return (standing) => {
    const message = waits(standing);
    if (message === undefined || told.has(message)) return;
    told.add(message);
    emit({ type: 'notice', level: 'note', node, message });
  };
}

/** Watches an attempt through its folder until it has ended. What the cluster says of its job counts only where the folder says nothing. */
export async function watch<Word>(job: JobSpecification, watching: Watching<Word>): Promise<AttemptEnd<Word>> {
  const { folder } = job;
  const { clusterJob } = watching;
  const events = new EventReader(folder);
  const teller = new StopTeller(folder, watching);
  const tellWait = waitTeller(job, watching);
  watchedNow += 1;
  try {
    for (let milliseconds = PAUSES.first; ; milliseconds *= 1.2) {
      // Asked before the folder is read: what one that lives no more has written stands there by then.
      const standing = standingOf(folder);
      events.read(watching.emit);
      tellWait(standing);
      const end = standing === 'ended' ? await ended(job, watching) : undefined;
      if (end !== undefined) return end;
      // What has not begun is nobody's any more once its folder says so, whether the cluster can be reached or not.
      if (standing === 'waiting' && (clusterJob.isLost || watching.stop.asked.aborted) && fence(folder)) {
        await clusterJob.cancel();
        return { gone: clusterJob.word, began: false };
      }
      teller.tell(standing);
      milliseconds = Math.min(milliseconds, longestPause(standing, clusterJob));
      await pause(milliseconds, watching);
    }
  } finally {
    watchedNow -= 1;
    clusterJob.letGo();
    forgetOwnership(folder);
  }
}

/**
 * What came of one that lives no more. Where it was not done, the cluster's last word on it is waited for, as long as there may be one.
 * Undefined: it lives, after all.
 */
async function ended<Word>({ folder, attempt }: JobSpecification, watching: Watching<Word>): Promise<AttemptEnd<Word> | undefined> {
  const { clusterJob, stop, isTelling = (exit) => exit.ended !== 'stopped' } = watching;
  for (let isLast = false; ; isLast = clusterJob.isTold || stop.forced.aborted) {
    const exit = readExit(folder, attempt);
    if (exit !== undefined && (stop.asked.aborted || isTelling(exit))) return { exit };
    const { word } = clusterJob;
    if (isLast) return exit === undefined ? { gone: word, began: true } : { exit, ...(word === undefined ? {} : { word }) };
    if (standingOf(folder) !== 'ended') return undefined;
    await pause(PAUSES.last / 5, watching);
  }
}
