import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type FileLock, tryLockFile } from '../../files/lock.ts';
import { monotonic } from '../../model/clock.ts';
import type { Job, JobEvent, OpenExecutor, Stop } from '../../model/executor.ts';
import { installation } from '../../model/installation.ts';
import { type ExitRecord, JOB_FORMAT, type JobSpecification } from '../../model/job.ts';
import { done, type Problem } from '../../model/problem.ts';
import type { Lock } from '../../model/workplace.ts';
import { prepareOwnership } from '../cluster/ownership.ts';
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
    const started = monotonic();
    const failed = (problem: Problem): ExitRecord => ({
      format: JOB_FORMAT,
      attempt: specification.attempt,
      seconds: (monotonic() - started) / 1000,
      cost: {},
      ended: 'failed',
      problem,
    });
    try {
      await start(job, this.machine.environment['PATH'], this.grace);
    } catch (error) {
      return failed(startProblem(specification, error));
    }
    return (await watch(specification, emit, stop)) ?? failed(lostProblem(specification));
  }

  recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined> {
    return watch(left, emit, stop);
  }
}

/** A program, and what it inherits. */
interface Begun {
  readonly args: readonly string[];
  readonly descriptors: readonly number[];
  /** Lets go of what only the program is to hold. */
  readonly release: () => void;
}

/** A `run-job` that inherits the locks that say that it lives and that its work is done. */
function locked(folder: string, grace: number | undefined, lock: Lock): Begun {
  const alive = tryLockFile(attemptFile(folder, 'alive')) as FileLock;
  const program = join(installation, 'dist', 'executors', 'job', 'run-job.js');
  const args = [program, folder, String(LOCK_DESCRIPTOR), ...(grace === undefined ? [] : [String(grace)])];
  return { args, descriptors: [alive.descriptor, lock.descriptor], release: () => alive.release() };
}

/** Where several machines share the store, one that takes the attempt itself, by a lease, as jobs of clusters do. */
function leased(folder: string, grace: number | undefined): Begun {
  prepareOwnership(folder);
  const program = join(installation, 'dist', 'executors', 'cluster', 'job.js');
  return { args: [program, folder, '', String(grace ?? '')], descriptors: [], release: () => undefined };
}

/** Starts what executes an attempt in a session of its own. It inherits what the attempt holds of the machine. */
async function start({ specification, secrets, lock, hold }: Job, path: string | undefined, grace: number | undefined): Promise<void> {
  const { folder, attempt } = specification;
  const { args, descriptors, release } = lock === undefined ? leased(folder, grace) : locked(folder, grace, lock);
  const output = openSync(attemptFile(folder, 'output'), 'a');
  try {
    const handed = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [SECRET_PREFIX + name, value]));
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { PATH: path, LANG: 'C.UTF-8', ...handed, [RUN_JOB_VARIABLE]: attempt },
      detached: true,
      stdio: ['ignore', output, output, ...descriptors, ...hold.descriptors],
    });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
  } finally {
    closeSync(output);
    release();
  }
}

/** Opens an executor whose work outlives the coordinator. */
export const open: OpenExecutor = async (opening) => done(new DetachedExecutor(opening));
