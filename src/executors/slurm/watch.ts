import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent, Stop } from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import { EventReader, readExit, type StopWord, writeStop } from '../job/attempt-files.ts';
import { fence, forgetOwnership, type Standing, standingOf } from '../cluster/ownership.ts';
import { jobName } from './submission.ts';
import { isHopeless, isOver, type Squeue, type Watched, type Word } from './squeue.ts';

/** Milliseconds between two looks at an attempt's folder: few at first, for what is short. */
const PAUSES = { first: 20, last: 1000 };

/** Milliseconds that a job has, beyond the time of its node, before it is cancelled. */
const PATIENCE = 5000;

/** Milliseconds of grace that a node has where nothing is said. */
const USUAL_GRACE = 8000;

/** Answers of squeue after which a job that it does not know and that has ended is given up; and milliseconds for one that never began. */
const ABSENCES = 3;
const ABSENCE = 3 * 3_600_000;

/** What watching an attempt needs beside its folder. */
export interface Watching {
  readonly id: string;
  readonly squeue: Squeue;
  readonly cancel: () => Promise<unknown>;
  readonly grace: number | undefined;
  /** It was left by a coordinator: what squeue does not know any more and has not begun never will. */
  readonly isLeft: boolean;
  readonly emit: (event: JobEvent) => void;
  readonly stop: Stop;
}

/** What came of an attempt; `gone`: nothing says how it ended but Slurm's last word. */
export type AttemptEnd = { readonly exit: ExitRecord; readonly word?: Word } | { readonly gone: Word | undefined; readonly began: boolean };

/** Hands what a run is told on to a job; cancels one that does not obey, or has not begun. */
class StopTeller {
  private readonly folder: string;
  private readonly watching: Watching;
  private told: StopWord | undefined;
  private cancelAt = Number.POSITIVE_INFINITY;

  constructor(folder: string, watching: Watching) {
    this.folder = folder;
    this.watching = watching;
  }

  tell(standing: Standing): void {
    const { stop, grace = USUAL_GRACE, cancel } = this.watching;
    const word = stop.forced.aborted ? 'kill' : stop.asked.aborted ? 'ask' : undefined;
    const now = performance.now();
    if (word !== undefined && word !== this.told) {
      writeStop(this.folder, word);
      this.told = word;
      this.cancelAt = standing === 'waiting' ? now : now + PATIENCE + (word === 'ask' ? grace : 0);
    }
    if (now < this.cancelAt) return;
    this.cancelAt = now + PATIENCE;
    void cancel();
  }
}

/** Sleeps for a while, or until the run is stopped. */
async function pause(milliseconds: number, { asked, forced }: Stop): Promise<void> {
  const next = asked.aborted ? forced : asked;
  await sleep(milliseconds, undefined, next.aborted ? {} : { signal: next }).catch(() => undefined);
}

/** Tells why a job does not begin, once for each reason. */
function waitTeller({ node }: JobSpecification, { id, emit }: Watching): (word: Word | undefined) => void {
  let told = '';
  return (word) => {
    if (word?.state !== 'PENDING' || word.reason === told || word.reason === 'None') return;
    told = word.reason;
    emit({ type: 'notice', level: 'note', node, message: `waits in the queue of Slurm as job ${id}: ${told}` });
  };
}

/** Watches an attempt through its folder until it has ended. What Slurm says of its job is asked only where the folder says nothing. */
export async function watch(job: JobSpecification, watching: Watching): Promise<AttemptEnd> {
  const { folder, attempt } = job;
  const events = new EventReader(folder);
  const teller = new StopTeller(folder, watching);
  const tellWait = waitTeller(job, watching);
  const watched = watching.squeue.watch(watching.id, jobName(job));
  const since = performance.now();
  try {
    for (let milliseconds = PAUSES.first; ; milliseconds = Math.min(milliseconds * 1.2, PAUSES.last)) {
      // Asked before the folder is read: what one that lives no more has written stands there by then.
      const standing = standingOf(folder);
      events.read(watching.emit);
      if (standing === 'ended') return await ended(job, watched, watching);
      if (standing === 'waiting') {
        tellWait(watched.word);
        const isAbsent = watched.absences > ABSENCES && (watching.isLeft || performance.now() - since > ABSENCE);
        const isLost = isOver(watched.word) || isHopeless(watched.word) || isAbsent;
        if (isLost && fence(folder)) {
          await watching.cancel();
          return { gone: watched.word, began: false };
        }
      }
      teller.tell(standing);
      await pause(milliseconds, watching.stop);
    }
  } finally {
    watching.squeue.letGo(watching.id);
    forgetOwnership(folder);
  }

  /** What came of one that lives no more. Where it was not done, Slurm's last word on it is waited for, as long as it knows the job. */
  async function ended({ folder: at }: JobSpecification, known: Watched, { stop }: Watching): Promise<AttemptEnd> {
    const exit = readExit(at, attempt);
    if (exit !== undefined && (exit.ended !== 'stopped' || stop.asked.aborted)) return { exit };
    while (!isOver(known.word) && known.absences < ABSENCES && !stop.forced.aborted) await pause(PAUSES.last / 5, stop);
    const word = known.word;
    return exit === undefined ? { gone: word, began: true } : { exit, ...(word === undefined ? {} : { word }) };
  }
}
