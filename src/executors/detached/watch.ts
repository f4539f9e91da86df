import { statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from '../../files/last-lines.ts';
import { tryLockFile, usesLeases } from '../../files/lock.ts';
import { monotonic } from '../../model/clock.ts';
import type { JobEvent, Stop } from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import { type Problem, withLog } from '../../model/problem.ts';
import { fence, forgetOwnership, standingOf } from '../cluster/ownership.ts';
import { attemptFile, EventReader, RUN_JOB_VARIABLE, readExit, writeStop } from '../job/attempt-files.ts';
import { endSurvivors, killMarked } from '../job/survivors.ts';

/** Milliseconds between two looks at an attempt's folder: few at first, for what is short. */
const PAUSES = { first: 10, last: 200 };

/** Milliseconds that a `run-job` which was told to kill its program has for its exit record. */
const PATIENCE = 10_000;

/** Milliseconds in which one that takes its attempt itself does so. */
const BEGINNING = 60_000;

/** Whether an attempt's `run-job` lives: it alone holds the lock. `since`: when it was first looked for. */
function isAlive(folder: string, since: number): boolean {
  if (usesLeases(folder)) {
    const standing = standingOf(folder);
    const isLate = standing === 'waiting' && monotonic() - since > BEGINNING;
    return standing === 'alive' || (standing === 'waiting' && !(isLate && fence(folder)));
  }
  const lock = tryLockFile(attemptFile(folder, 'alive'));
  lock?.release();
  return lock === undefined;
}

/** Hands what a run is told on to the `run-job`; ends one that does not obey. */
class StopTeller {
  private readonly job: JobSpecification;
  private readonly stop: Stop;
  private told: 'ask' | 'kill' | undefined;
  private patience = Number.POSITIVE_INFINITY;

  constructor(job: JobSpecification, stop: Stop) {
    this.job = job;
    this.stop = stop;
  }

  tell(): void {
    const word = this.stop.forced.aborted ? 'kill' : this.stop.asked.aborted ? 'ask' : undefined;
    if (word !== undefined && word !== this.told) {
      writeStop(this.job.folder, word);
      if (word === 'kill') this.patience = monotonic() + PATIENCE;
      this.told = word;
    }
    if (monotonic() > this.patience) killMarked(RUN_JOB_VARIABLE, this.job.attempt);
  }
}

/** Sleeps for a while, or until the run is stopped. */
async function pause(milliseconds: number, { asked, forced }: Stop): Promise<void> {
  const next = asked.aborted ? forced : asked;
  const signal = next.aborted ? undefined : next;
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/**
 * Watches an attempt through its folder alone, until nothing of it lives. Undefined: its `run-job` is gone and left no exit record, so it is
 * not known how the attempt would have ended.
 */
export async function watch(job: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined> {
  const { folder, attempt } = job;
  const events = new EventReader(folder);
  const teller = new StopTeller(job, stop);
  const since = monotonic();
  for (let milliseconds = PAUSES.first; ; milliseconds = Math.min(milliseconds * 1.2, PAUSES.last)) {
    // Asked before the folder is read: what one that lives no more has written stands there by then.
    const lives = isAlive(folder, since);
    events.read(emit);
    if (!lives) break;
    teller.tell();
    await pause(milliseconds, stop);
  }
  forgetOwnership(folder);
  await endSurvivors(attempt);
  return readExit(folder, attempt);
}

/** Lines of a log that are told of an attempt that was lost. */
const TOLD_LINES = 20;

const tailOf = (file: string): readonly string[] => lastLines(file, TOLD_LINES);

/** Bytes below which a disk has no room for an exit record. */
const SCARCE = 64 * 1024;

function isDiskFull(folder: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return bavail * bsize < SCARCE || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

/** An attempt of which no one can say how it ended. */
export function lostProblem({ node, log, folder }: JobSpecification): Problem {
  const message = `${node} was lost: whoever executed it is gone and has not said how it ended`;
  if (isDiskFull(folder)) {
    const full = `the disk of ${folder} is full: free some space there, or choose another store with --store FOLDER`;
    return withLog({ kind: 'store', code: 'lost', message, hint: full }, tailOf(log), log);
  }
  // It prints something itself only where it did not end as it should.
  const words = tailOf(attemptFile(folder, 'output')).join('\n  ');
  return withLog({ kind: 'stage', code: 'lost', message, ...(words === '' ? {} : { hint: words }) }, tailOf(log), log);
}
