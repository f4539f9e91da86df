import type { Capacity, Executor, ExecutorFacts, Executors, Hold, Job, JobEvent, Stop } from '../../src/model/executor.ts';
import { type ExitRecord, JOB_FORMAT } from '../../src/model/job.ts';
import { done } from '../../src/model/problem.ts';

/** What becomes of an attempt: any promise, so it may wait, emit, look at its stop, or write its outputs. */
export type Script = (job: Job, emit: (event: JobEvent) => void, stop: Stop) => Promise<ExitRecord>;

/** An exit record of an attempt that came to its end. */
export function doneWith({ specification }: Job, metrics: Readonly<Record<string, number>> = {}): ExitRecord {
  return { format: JOB_FORMAT, attempt: specification.attempt, seconds: 0, cost: {}, ended: 'done', metrics, facts: {}, last: [] };
}

/** An executor without processes, in memory: what becomes of each attempt is scripted. */
export class FakeExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly capacity: Capacity;
  /** The attempts that it was given, in order. */
  readonly jobs: Job[] = [];
  private readonly script: Script;

  constructor(script: Script, { name = 'fake', facts = {}, capacity = {} }: FakeOptions = {}) {
    this.script = script;
    this.name = name;
    this.facts = { platform: 'fake', machine: {}, engines: {}, ...facts };
    this.capacity = { cpu: 4, gpu: 0, memory: 2 ** 30, ...capacity };
  }

  async hold(_need: unknown, signal: AbortSignal): Promise<Hold | undefined> {
    return signal.aborted ? undefined : { devices: [], descriptors: [], release: () => undefined };
  }

  execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    this.jobs.push(job);
    return this.script(job, emit, stop);
  }

  async recover(): Promise<undefined> {
    return undefined;
  }
}

export interface FakeOptions {
  readonly name?: string;
  readonly facts?: Partial<ExecutorFacts>;
  readonly capacity?: Partial<Capacity>;
}

/** Executors of which there is only one. */
export function only(executor: Executor): Executors {
  return { names: [executor.name], get: async () => done(executor) };
}
