import type { Job, JobEvent, OpenExecutor, Stop } from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import { done } from '../../model/problem.ts';
import { MachineExecutor } from '../job/machine-executor.ts';

/** Executes nodes as children of this process. */
class ProcessExecutor extends MachineExecutor {
  override readonly isAttached = true;

  async execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    // Loaded with the first node that runs: a run that only reuses starts faster without it.
    const { executeJob } = await import('../job/execute.ts');
    return executeJob({ ...job, grace: this.grace }, emit, stop);
  }

  /** A child dies with its coordinator; what got away from that is killed. */
  async recover({ attempt }: JobSpecification): Promise<undefined> {
    await this.endLeft(attempt);
  }
}

/** Opens the executor that is there without being declared. */
export const open: OpenExecutor = async (opening) => done(new ProcessExecutor(opening));
