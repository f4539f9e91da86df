import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type FileLock, tryLockFile } from '../../files/lock.ts';
import type { Job, JobEvent, OpenExecutor, Stop } from '../../model/executor.ts';
import { installation } from '../../model/installation.ts';
import { type ExitRecord, JOB_FORMAT, type JobSpecification } from '../../model/job.ts';
import { done, type Problem } from '../../model/problem.ts';
import type { Lock } from '../../model/workplace.ts';
import { attemptFile, RUN_JOB_VARIABLE, SECRET_PREFIX } from '../job/attempt-files.ts';
import { startProblem } from '../job/ending.ts';
import { MachineExecutor } from '../job/machine-executor.ts';
import { lostProblem, watch } from './watch.ts';

/** The descriptor by which a `run-job` is given the lock on the work. */
const LOCK_DESCRIPTOR = 4;

/**
 * Executes nodes of this machine by processes of their own, which outlive the coordinator: the next one finds them again. Everything goes
 * through the attempt's folder, but secrets, which are handed over by the environment.
 */
class DetachedExecutor extends MachineExecutor {
  async execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    const { specification } = job;
    const started = performance.now();
    const failed = (problem: Problem): ExitRecord => ({
      format: JOB_FORMAT,
      attempt: specification.attempt,
      seconds: (performance.now() - started) / 1000,
      cost: {},
      ended: 'failed',
      problem,
    });
    if (job.lock === undefined) return failed(unsharedProblem(specification));
    try {
      await start({ ...job, lock: job.lock }, this.machine.environment['PATH'], this.grace);
    } catch (error) {
      return failed(startProblem(specification, error));
    }
    return (await watch(specification, emit, stop)) ?? failed(lostProblem(specification));
  }

  recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined> {
    return watch(left, emit, stop);
  }
}

/** What outlives its coordinator is found again by kernel locks, which a store that several machines share does not have. */
function unsharedProblem({ node, executor }: JobSpecification): Problem {
  return {
    kind: 'stage',
    code: 'not-started',
    message: `${node} cannot be executed by ${executor} (kind: detached): the store lies on a file system that several machines share`,
    hint: 'run it with another executor, or keep the store on a local disk: --store FOLDER',
  };
}

/** Starts a `run-job` in a session of its own. It inherits the locks that say that it lives, that its work is done, and what it holds. */
async function start(
  { specification, secrets, lock, hold }: Job & { readonly lock: Lock },
  path: string | undefined,
  grace: number | undefined,
): Promise<void> {
  const { folder, attempt } = specification;
  const alive = tryLockFile(attemptFile(folder, 'alive')) as FileLock;
  const output = openSync(attemptFile(folder, 'output'), 'a');
  try {
    const runJob = join(installation, 'dist', 'executors', 'job', 'run-job.js');
    const handed = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [SECRET_PREFIX + name, value]));
    const args = [runJob, folder, String(LOCK_DESCRIPTOR), ...(grace === undefined ? [] : [String(grace)])];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { PATH: path, LANG: 'C.UTF-8', ...handed, [RUN_JOB_VARIABLE]: attempt },
      detached: true,
      stdio: ['ignore', output, output, alive.descriptor, lock.descriptor, ...hold.descriptors],
    });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
  } finally {
    closeSync(output);
    alive.release();
  }
}

/** Opens an executor whose work outlives the coordinator. */
export const open: OpenExecutor = async (opening) => done(new DetachedExecutor(opening));
