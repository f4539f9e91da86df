import type { JobSpecification } from '../../model/job.ts';
import { type AttemptEnd, type ClusterJob, watch as watchAttempt, type Watching } from '../cluster/watch.ts';
import type { Word } from './squeue.ts';

/** The job of an attempt, as far as Slurm tells of it. */
export interface SlurmJob extends ClusterJob<Word> {
  /** Its number; undefined: no job has the attempt yet. */
  readonly id: string | undefined;
}

/** Watches an attempt through its folder until it has ended, and tells why its job waits in the queue. */
export function watch(
  job: JobSpecification,
  { slurmJob, ...watching }: Omit<Watching<Word>, 'clusterJob' | 'waits'> & { readonly slurmJob: SlurmJob },
): Promise<AttemptEnd<Word>> {
  const waits = (): string | undefined => {
    const { id, word } = slurmJob;
    const isWaiting = word?.state === 'PENDING' && word.reason !== 'None';
    return isWaiting ? `waits in the queue of Slurm as job ${id}: ${word.reason}` : undefined;
  };
  return watchAttempt(job, { ...watching, clusterJob: slurmJob, waits });
}
