import { join } from 'node:path';
import { isObject } from '../../files/json.ts';
import { readSealed, writeSealed } from '../../files/sealed.ts';
import { monotonic } from '../../model/clock.ts';
import type { Capacity, Executor, ExecutorFacts, Hold, Job, JobEvent, Need, OpenExecutor, Stop } from '../../model/executor.ts';
import { type ExitRecord, JOB_FORMAT, type JobSpecification, type NodeResources } from '../../model/job.ts';
import { done, type Problem } from '../../model/problem.ts';
import { prepareOwnership, standingOf } from '../cluster/ownership.ts';
import type { Place } from '../cluster/place.ts';
import { forgetSecrets, leaveSecrets } from '../cluster/secrets.ts';
import { watch } from '../cluster/watch.ts';
import { startProblem } from '../job/ending.ts';
import { RayApi } from './api.ts';
import { endingProblem } from './ended.ts';
import { type Asking, rayPlace } from './facts.ts';
import { RayJob } from './ray-job.ts';
import { type RaySettings, readSettings } from './ray-settings.ts';
import { askedBy, type Submitted, submissionOf, writeScript } from './submission.ts';
import { submit } from './submit.ts';

/** The file in an attempt's folder that says which job executes it. */
const RAY_FILE = 'ray.json';

function isSubmitted(value: unknown): value is Submitted {
  return isObject(value) && typeof value['times'] === 'number' && isObject(value['asked']);
}

/** More than any node asks for: how much of its machines is used Ray decides. */
const PLENTY: NodeResources = { cpu: 1_000_000, gpu: 1_000_000, memory: 2 ** 52 };

/** Leave to submit a job. */
interface JobHold extends Hold {
  readonly alone: boolean;
}

/** How an attempt is watched: by whoever executes it, or whoever found it. */
interface Watched {
  readonly emit: (event: JobEvent) => void;
  readonly stop: Stop;
  readonly isLeft: boolean;
}

/** Gives nodes to Ray. A job knows nothing but the folder of its attempt, and what it writes there is the truth. */
class RayExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly items: Place['items'];
  readonly capacity: Capacity;
  readonly setUp: NonNullable<Executor['setUp']>;
  private readonly api: RayApi;
  private readonly settings: RaySettings;
  private readonly path: string | undefined;

  constructor({ items, ...facts }: Place, asking: Asking) {
    const { opening, settings, api } = asking;
    this.name = opening.name;
    this.facts = facts;
    this.items = items;
    this.capacity = { ...PLENTY, nodes: settings.jobs };
    this.settings = settings;
    this.api = api;
    this.path = opening.environment['PATH'];
    this.setUp = async (how) => (await import('./set-up.ts')).setUpThere(asking, how);
  }

  async hold({ alone }: Need): Promise<Hold> {
    const hold: JobHold = { alone, devices: [], descriptors: [], release: () => undefined };
    return hold;
  }

  async execute({ specification: job, secrets, lock, hold }: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    const started = monotonic();
    const common = (): Pick<ExitRecord, 'format' | 'attempt' | 'seconds' | 'cost'> => ({
      format: JOB_FORMAT,
      attempt: job.attempt,
      seconds: (monotonic() - started) / 1000,
      cost: {},
    });
    const failed = (problem: Problem): ExitRecord => ({ ...common(), ended: 'failed', problem });
    const { settings, path, api } = this;
    const asked = askedBy(job, settings, (hold as Partial<JobHold>).alone === true ? await this.largest() : undefined);
    const note: Submitted = { times: 1, asked };
    try {
      prepareOwnership(job.folder);
      leaveSecrets(job.folder, secrets);
      writeScript(job, { settings, path, lock: lock?.path });
      writeSealed(join(job.folder, RAY_FILE), note);
    } catch (error) {
      return failed(startProblem(job, error));
    }
    const onWait = (message: string): void => emit({ type: 'notice', level: 'note', node: job.node, message });
    const submitted = await submit(api, submissionOf(job, note), { what: job.node, onWait, signal: stop.asked });
    if (!submitted.ok) {
      forgetSecrets(job.folder);
      return failed(submitted.problems[0] as Problem);
    }
    return (await this.watch(job, note, { emit, stop, isLeft: false })) ?? { ...common(), ended: 'stopped' };
  }

  async recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined> {
    const note = readSealed(join(left.folder, RAY_FILE), isSubmitted);
    if (note === undefined && standingOf(left.folder) === 'waiting') return undefined;
    return this.watch(left, note ?? { times: 1, asked: askedBy(left, this.settings, undefined) }, { emit, stop, isLeft: true });
  }

  /** The processors of the largest machine: whoever has them all is alone there. */
  private async largest(): Promise<number> {
    const machines = await this.api.machines();
    const { cores } = this.facts.machine;
    return Math.max(0, ...(machines ?? [{ CPU: typeof cores === 'number' ? cores : 0 }]).map(({ CPU = 0 }) => CPU));
  }

  /** Watches a job to its end. Undefined: nothing came of it, or nobody wants it. */
  private async watch(job: JobSpecification, note: Submitted, { emit, stop, isLeft }: Watched): Promise<ExitRecord | undefined> {
    const { api, settings } = this;
    const again = async (next: Submitted): Promise<boolean> => {
      writeSealed(join(job.folder, RAY_FILE), next);
      const given = { what: job.node, onWait: () => undefined, signal: stop.asked };
      return (await submit(api, submissionOf(job, next), given)).ok;
    };
    const rayJob = new RayJob(api, { attempt: job, submitted: note, poll: settings.poll, again });
    const end = await watch(job, { emit, stop, clusterJob: rayJob, waits: rayJob.waits, grace: settings.grace });
    forgetSecrets(job.folder);
    if ('exit' in end && (end.exit.ended !== 'stopped' || stop.asked.aborted)) return end.exit;
    const common = 'exit' in end ? end.exit : { format: JOB_FORMAT, attempt: job.attempt, seconds: 0, cost: {} };
    const { format, attempt, seconds, cost } = common;
    const began = 'exit' in end || end.began;
    if (!began && isLeft) return undefined;
    if (stop.asked.aborted) return { format, attempt, seconds, cost, ended: 'stopped' };
    const word = 'exit' in end ? end.word : end.gone;
    return {
      format,
      attempt,
      seconds,
      cost,
      ended: 'failed',
      problem: endingProblem(job, { id: rayJob.id, word, began, asked: note.asked }),
    };
  }
}

/** Opens an executor that gives nodes to Ray. The first time in a place a job tells what machines it has. */
export const open: OpenExecutor = async (opening) => {
  const settings = readSettings(opening);
  if (!settings.ok) return settings;
  const asking = { opening, settings: settings.value, api: new RayApi(settings.value) };
  const place = await rayPlace(asking);
  return place.ok ? done(new RayExecutor(place.value, asking)) : place;
};
