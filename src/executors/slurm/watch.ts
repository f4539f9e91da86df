import { monotonic } from '../../model/clock.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import type { Standing } from '../cluster/ownership.ts';
import { type AttemptEnd, type ClusterJob, watch as watchAttempt, type Watching } from '../cluster/watch.ts';
import { waitingText, type Word } from './word.ts';

/** Milliseconds for which Slurm's word on a node that was killed is waited for. */
const PATIENCE = 60_000;

/** The job of an attempt, as far as Slurm tells of it. */
export interface SlurmJob extends ClusterJob<Word> {
  /** Its number; undefined: no job has the attempt yet. */
  readonly id: string | undefined;
  /** Slurm itself does not know it any more. */
  readonly isForgotten: boolean;
}

/** Watches an attempt through its folder until it has ended, and tells why its job waits in the queue. */
export function watch(
  job: JobSpecification,
  { slurmJob, ...watching }: Omit<Watching<Word>, 'clusterJob' | 'isTelling' | 'waits'> & { readonly slurmJob: SlurmJob },
): Promise<AttemptEnd<Word>> {
  const waits = (standing: Standing): string | undefined => {
    const { id, word } = slurmJob;
    if (word?.state === 'SUSPENDED' && standing !== 'waiting')
      return `stands still: its job ${id} is suspended in Slurm until somebody resumes it`;
    const isWaiting = standing === 'waiting' && word?.state === 'PENDING' && word.reason !== 'None';
    return isWaiting ? `waits in the queue of Slurm as job ${id}: ${waitingText(word.reason)}` : undefined;
  };
  let since: number | undefined;
  // What was stopped, or killed, may have been so by Slurm.
  const isTelling = (exit: ExitRecord): boolean => {
    if (exit.ended !== 'failed') return exit.ended === 'done';
    since ??= monotonic();
    return exit.problem.code !== 'killed' || monotonic() - since > PATIENCE;
  };
  return watchAttempt(job, { ...watching, clusterJob: slurmJob, waits, isTelling });
}
