import { join } from 'node:path';
import { isObject } from '../../files/json.ts';
import { readSealed, writeSealed } from '../../files/sealed.ts';
import { pause } from '../../files/lock.ts';
import type { Capacity, Executor, ExecutorFacts, Hold, Job, JobEvent, Need, OpenExecutor, Stop } from '../../model/executor.ts';
import { type ExitRecord, JOB_FORMAT, type JobSpecification } from '../../model/job.ts';
import { done, type Problem } from '../../model/problem.ts';
import type { Asker } from '../../model/waiting.ts';
import { readExit } from '../job/attempt-files.ts';
import { startProblem } from '../job/ending.ts';
import { commandEnvironment } from './commands.ts';
import { endingProblem, newestCheckpoint } from './ended.ts';
import { type Asking, clusterPlace } from './facts.ts';
import { prepareOwnership, standingOf } from '../cluster/ownership.ts';
import type { Place } from '../cluster/place.ts';
import { OwnJob } from './own-job.ts';
import { readSettings, type SlurmSettings } from './slurm-settings.ts';
import { Squeue } from './squeue.ts';
import { jobName } from './submission.ts';
import { submit } from './submit.ts';
import { watch } from './watch.ts';

/** The file in an attempt's folder that says which job executes it. */
const SLURM_FILE = 'slurm.json';

/** What a coordinator writes down of a job that it has submitted. */
interface Submitted {
  readonly job: string;
  /** The newest checkpoint when it was submitted. */
  readonly resumed?: string;
}

function isSubmitted(value: unknown): value is Submitted {
  return isObject(value) && typeof value['job'] === 'string';
}

/** More than any node asks for: how much of the cluster is used Slurm decides. */
const PLENTY: Capacity = { cpu: 1_000_000, gpu: 1_000_000, memory: 2 ** 52 };

/** Milliseconds between two looks for room in the queue. */
const PAUSE = 50;

/** Leave to submit a job. */
interface JobHold extends Hold {
  readonly alone: boolean;
}

/** Gives nodes to Slurm. A job knows nothing but the folder of its attempt, and what it writes there is the truth. */
class SlurmExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly items: Place['items'];
  readonly setUp: NonNullable<Executor['setUp']>;
  readonly capacity = PLENTY;
  private readonly settings: SlurmSettings;
  private readonly environment: Record<string, string>;
  private readonly squeue: Squeue;
  /** Nodes of the cluster that failed under a job. */
  private readonly failed = new Set<string>();
  private held = 0;

  constructor({ items, ...facts }: Place, asking: Asking) {
    this.name = asking.opening.name;
    this.facts = facts;
    this.items = items;
    this.settings = asking.settings;
    this.environment = asking.environment;
    this.squeue = new Squeue(asking.environment, asking.settings.poll);
    this.setUp = async (how) => (await import('./set-up.ts')).setUpThere(asking, how);
  }

  async hold({ alone }: Need, { signal }: Asker): Promise<Hold | undefined> {
    while (this.held >= this.settings.jobs && !signal.aborted) await pause(PAUSE, signal);
    if (signal.aborted) return undefined;
    this.held += 1;
    const release = (): void => {
      this.held -= 1;
    };
    const hold: JobHold = { alone, devices: [], descriptors: [], release };
    return hold;
  }

  async execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    const { specification: attempt } = job;
    const started = performance.now();
    const common = (): Pick<ExitRecord, 'format' | 'attempt' | 'seconds' | 'cost'> => ({
      format: JOB_FORMAT,
      attempt: attempt.attempt,
      seconds: (performance.now() - started) / 1000,
      cost: {},
    });
    const failed = (problem: Problem): ExitRecord => ({ ...common(), ended: 'failed', problem });
    let resumed: string | undefined;
    try {
      prepareOwnership(attempt.folder);
      resumed = newestCheckpoint(attempt);
    } catch (error) {
      return failed(startProblem(attempt, error));
    }
    const { settings, environment, squeue } = this;
    const submitted = await submit(job, {
      settings,
      environment,
      squeue,
      asked: { alone: (job.hold as Partial<JobHold>).alone === true, excluded: [...this.failed] },
      onWait: (message) => emit({ type: 'notice', level: 'note', node: attempt.node, message }),
      signal: stop.asked,
    });
    if (!submitted.ok) return failed(submitted.problems[0] as Problem);
    if (submitted.value === undefined) return { ...common(), ended: 'stopped' };
    const note: Submitted = { job: submitted.value, ...(resumed === undefined ? {} : { resumed }) };
    writeSealed(join(attempt.folder, SLURM_FILE), note);
    return (await this.watch(attempt, note, { emit, stop, isLeft: false })) ?? { ...common(), ended: 'stopped' };
  }

  async recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined> {
    const standing = standingOf(left.folder);
    if (standing === 'ended') {
      const exit = readExit(left.folder, left.attempt);
      if (exit !== undefined && exit.ended !== 'stopped') return this.watch(left, { job: '0' }, { emit, stop, isLeft: true });
    }
    const note = readSealed(join(left.folder, SLURM_FILE), isSubmitted);
    const id = note?.job ?? (await this.squeue.find(jobName(left), stop.forced));
    if (id === undefined && standing === 'waiting') return undefined;
    return this.watch(left, note ?? { job: id ?? '0' }, { emit, stop, isLeft: true });
  }

  /** Watches a job to its end. Undefined: nothing came of it, or nobody wants it. */
  private async watch(
    job: JobSpecification,
    { job: id, resumed }: Submitted,
    watching: { readonly emit: (event: JobEvent) => void; readonly stop: Stop; readonly isLeft: boolean },
  ): Promise<ExitRecord | undefined> {
    const { environment, squeue, settings } = this;
    const { emit, stop, isLeft } = watching;
    const slurmJob = new OwnJob(squeue, { id, name: jobName(job), environment, isLeft });
    const end = await watch(job, { emit, stop, slurmJob, grace: settings.grace });
    if ('exit' in end && (end.exit.ended !== 'stopped' || stop.asked.aborted)) return end.exit;
    const word = 'exit' in end ? end.word : end.gone;
    if (word?.state === 'NODE_FAIL' || word?.state === 'BOOT_FAIL')
      for (const node of word.nodes.split(',')) if (node !== '') this.failed.add(node);
    const common = 'exit' in end ? end.exit : { format: JOB_FORMAT, attempt: job.attempt, seconds: 0, cost: {} };
    const { format, attempt, seconds, cost } = common;
    if (stop.asked.aborted)
      return 'began' in end && !end.began && isLeft ? undefined : { format, attempt, seconds, cost, ended: 'stopped' };
    if ('began' in end && !end.began && isLeft) return undefined;
    return { format, attempt, seconds, cost, ended: 'failed', problem: endingProblem(job, { id, word, resumed }) };
  }
}

/** Opens an executor that gives nodes to Slurm. The first time in a place a job tells what machines it has. */
export const open: OpenExecutor = async (opening) => {
  const settings = readSettings(opening.settings);
  const environment = commandEnvironment(opening.environment);
  const asking = { opening, settings, environment };
  const place = await clusterPlace(asking);
  return place.ok ? done(new SlurmExecutor(place.value, asking)) : place;
};
