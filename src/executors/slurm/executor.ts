import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../files/json.ts';
import { readSealed, writeSealed } from '../../files/sealed.ts';
import { monotonic } from '../../model/clock.ts';
import type { Capacity, Executor, ExecutorFacts, Hold, Job, JobEvent, Need, OpenExecutor, Stop } from '../../model/executor.ts';
import { type ExitRecord, JOB_FORMAT, type JobSpecification, type NodeResources } from '../../model/job.ts';
import { done, type Outcome, type Problem } from '../../model/problem.ts';
import { beganBy, fence, prepareOwnership, standingOf, TIME_UP } from '../cluster/ownership.ts';
import { RUN_JOB_VARIABLE, readExit } from '../job/attempt-files.ts';
import { startProblem } from '../job/ending.ts';
import { commandEnvironment } from './commands.ts';
import { endingProblem, isTold, machineOf, newestCheckpoint } from './ended.ts';
import { type Asking, clusterPlace } from './facts.ts';
import type { Place } from '../cluster/place.ts';
import { Machines } from './machines.ts';
import { OwnJob } from './own-job.ts';
import { PilotedJob } from './piloted-job.ts';
import { endPilots, Pilots } from './pilots.ts';
import { Sizes } from './sizes.ts';
import { readSettings, type SlurmSettings } from './slurm-settings.ts';
import { Squeue } from './squeue.ts';
import { jobName, jobScript, submitCommand } from './submission.ts';
import { handedSecrets, submit } from './submit.ts';
import { type SlurmJob, watch } from './watch.ts';
import { isOver } from './word.ts';

/** The file in an attempt's folder that says which job executes it. */
const SLURM_FILE = 'slurm.json';

/** What a coordinator writes down of an attempt that it has submitted. */
interface Submitted {
  /** The number of its job. Missing: it is on a list for pilots. */
  readonly job?: string;
  /** The folder of that list. */
  readonly list?: string;
  /** The newest checkpoint when it was submitted. */
  readonly resumed?: string;
}

function isSubmitted(value: unknown): value is Submitted {
  return isObject(value) && (typeof value['job'] === 'string' || typeof value['list'] === 'string');
}

/** More than any node asks for: how much of the cluster is used Slurm decides. */
const PLENTY: NodeResources = { cpu: 1_000_000, gpu: 1_000_000, memory: 2 ** 52 };

/** Leave to submit a job. */
interface JobHold extends Hold {
  readonly alone: boolean;
}

type Common = Pick<ExitRecord, 'format' | 'attempt' | 'seconds' | 'cost'>;

/** An attempt that is to be submitted; told where that has to wait. */
interface Submittable {
  readonly job: Job;
  readonly onWait: (message: string) => void;
}

/** How an attempt is watched. */
interface Watched {
  readonly emit: (event: JobEvent) => void;
  readonly stop: Stop;
  /** The newest checkpoint when it was submitted. */
  readonly resumed: string | undefined;
  /** By a coordinator that is gone. */
  readonly isLeft: boolean;
}

/** Gives nodes to Slurm. A job knows nothing but the folder of its attempt, and what it writes there is the truth. */
class SlurmExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly items: Place['items'];
  readonly setUp: NonNullable<Executor['setUp']>;
  readonly capacity: Capacity;
  private readonly settings: SlurmSettings;
  private readonly environment: Record<string, string>;
  private readonly squeue: Squeue;
  private readonly machines = new Machines();
  private readonly sizes: Sizes;
  private readonly pilots: Pilots;

  constructor({ items, ...facts }: Place, asking: Asking) {
    this.name = asking.opening.name;
    this.facts = facts;
    this.items = items;
    const { settings, environment } = asking;
    this.settings = settings;
    this.environment = environment;
    this.capacity = { ...PLENTY, nodes: settings.jobs };
    this.squeue = new Squeue(environment, settings.poll);
    this.sizes = new Sizes(settings.pilot, settings.poll);
    this.pilots = new Pilots({ settings, environment, squeue: this.squeue, machines: this.machines });
    this.setUp = async (how) => (await import('./set-up.ts')).setUpThere(asking, how);
  }

  async hold({ alone }: Need): Promise<Hold> {
    const hold: JobHold = { alone, devices: [], descriptors: [], release: () => undefined };
    return hold;
  }

  async execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    const { specification: attempt } = job;
    const started = monotonic();
    const common = (): Common => ({
      format: JOB_FORMAT,
      attempt: attempt.attempt,
      seconds: (monotonic() - started) / 1000,
      cost: {},
    });
    const failed = (problem: Problem): ExitRecord => ({ ...common(), ended: 'failed', problem });
    const stopped: () => ExitRecord = () => ({ ...common(), ended: 'stopped' });
    let resumed: string | undefined;
    try {
      prepareOwnership(attempt.folder);
      resumed = newestCheckpoint(attempt);
    } catch (error) {
      return failed(startProblem(attempt, error));
    }
    const alone = (job.hold as Partial<JobHold>).alone === true;
    const isShared = !alone && (await this.sizes.isShared(job, stop.asked));
    if (stop.asked.aborted) return stopped();
    const onWait = (message: string): void => emit({ type: 'notice', level: 'note', node: attempt.node, message });
    const submitted = isShared ? this.piloted({ job, onWait }) : await this.submitted({ job, onWait }, { alone, signal: stop.asked });
    if (!submitted.ok) return failed(submitted.problems[0] as Problem);
    const slurmJob = submitted.value;
    if (slurmJob === undefined) return stopped();
    const note: Submitted = slurmJob instanceof PilotedJob ? { list: slurmJob.list } : { job: slurmJob.id };
    writeSealed(join(attempt.folder, SLURM_FILE), { ...note, ...(resumed === undefined ? {} : { resumed }) });
    const exit = (await this.watch(attempt, slurmJob, { emit, stop, resumed, isLeft: false })) ?? stopped();
    if (exit.ended === 'done') this.sizes.note(attempt, exit.seconds);
    if (exit.ended !== 'failed' || !(slurmJob instanceof PilotedJob)) return exit;
    const refused = slurmJob.refusal?.problem;
    if (refused !== undefined) return failed({ ...refused, message: `${attempt.node}: ${refused.message}` });
    const isTimeUp = exit.problem.code === 'timeout' && existsSync(join(attempt.folder, TIME_UP));
    return isTimeUp && this.sizes.expected(job) !== undefined ? failed(this.tooLong(attempt, exit.problem)) : exit;
  }

  /** Gives an attempt a job of its own. Undefined: the signal came first. */
  private async submitted(
    { job, onWait }: Submittable,
    { alone, signal }: { readonly alone: boolean; readonly signal: AbortSignal },
  ): Promise<Outcome<OwnJob | undefined>> {
    const { settings, environment, squeue } = this;
    const { specification, secrets, lock } = job;
    const name = jobName(specification);
    const submission = {
      name,
      node: specification.node,
      command: submitCommand(specification, settings, { alone, excluded: this.machines.excludedFor(specification.node) }),
      script: jobScript(specification, settings, lock?.path),
      handed: { ...handedSecrets(secrets), [RUN_JOB_VARIABLE]: specification.attempt },
    };
    const id = await submit(submission, { settings, environment, squeue, onWait, signal });
    if (!id.ok) return id;
    return done(id.value === undefined ? undefined : new OwnJob(squeue, { id: id.value, name, environment }));
  }

  /** Puts an attempt on a list for pilots. */
  private piloted({ job, onWait }: Submittable): Outcome<PilotedJob> {
    return done(this.pilots.add({ job, seconds: () => this.sizes.expected(job), onWait }));
  }

  /** What took so long for a pilot was no small node: it is begun anew, in a job of its own. */
  private tooLong(attempt: JobSpecification, problem: Problem): Problem {
    this.sizes.noteLarge(attempt);
    return { ...problem, code: 'interrupted', message: `${problem.message}, which it shared with others` };
  }

  async recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined> {
    const { squeue, environment } = this;
    const standing = standingOf(left.folder);
    const note = readSealed(join(left.folder, SLURM_FILE), isSubmitted);
    const watching = { emit, stop, resumed: note?.resumed, isLeft: true };
    const jobOf = (id: string): OwnJob => new OwnJob(squeue, { id, name: beganBy(left.folder)?.name ?? jobName(left), environment });
    if (standing === 'ended') {
      const exit = readExit(left.folder, left.attempt);
      if (exit !== undefined && exit.ended !== 'stopped') return this.watch(left, jobOf('0'), watching);
    }
    if (note?.list !== undefined) {
      await endPilots(note.list, environment);
      if (standing === 'waiting' && fence(left.folder)) return undefined;
    }
    const id = beganBy(left.folder)?.id ?? note?.job ?? (await squeue.find(jobName(left), stop.forced));
    // It may have begun while that was asked.
    if (id === undefined && fence(left.folder)) return undefined;
    return this.watch(left, jobOf(id ?? '0'), watching);
  }

  /** Watches a job to its end. Undefined: nothing came of it, or nobody wants it. */
  private async watch(
    job: JobSpecification,
    slurmJob: SlurmJob,
    { emit, stop, resumed, isLeft }: Watched,
  ): Promise<ExitRecord | undefined> {
    const end = await watch(job, { emit, stop, slurmJob, grace: this.settings.grace });
    const word = 'exit' in end ? end.word : end.gone;
    const machine = machineOf(job, word);
    if ('exit' in end && end.exit.ended === 'failed') this.machines.avoid(job.node, machine);
    if ('exit' in end && (stop.asked.aborted || isTold(job, end.exit, word))) return end.exit;
    if (word?.state === 'NODE_FAIL' || word?.state === 'BOOT_FAIL') this.machines.fail(machine);
    const common = 'exit' in end ? end.exit : { format: JOB_FORMAT, attempt: job.attempt, seconds: 0, cost: {} };
    const { format, attempt, seconds, cost } = common;
    if (stop.asked.aborted)
      return 'began' in end && !end.began && isLeft ? undefined : { format, attempt, seconds, cost, ended: 'stopped' };
    if ('began' in end && !end.began && isLeft) return undefined;
    const began = !('began' in end) || end.began;
    // Pilots look for others themselves.
    const isWorthAnother = !began && slurmJob instanceof OwnJob && isOver(word) && this.machines.isWorthAnother(job.node, machine);
    const { id = '', isForgotten } = slurmJob;
    // One that was put back into the queue would begin again.
    if (word !== undefined && !isOver(word) && !isForgotten) await slurmJob.cancel();
    const problem = endingProblem(job, { id, word, began, isForgotten, isWorthAnother, resumed });
    return { format, attempt, seconds, cost, ended: 'failed', problem };
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
