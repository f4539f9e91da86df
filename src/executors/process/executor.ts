import { setTimeout as sleep } from 'node:timers/promises';
import type { Capacity, Executor, ExecutorFacts, Hold, Job, JobEvent, Need, Stop } from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import { holdMachine, machineCapacity, machineFacts } from '../job/machine.ts';
import { killSurvivors } from '../job/survivors.ts';

/** Executes nodes as children of this process. */
export class ProcessExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly capacity: Capacity;
  private readonly environment: Readonly<Record<string, string | undefined>>;

  constructor(name: string, engines: ExecutorFacts['engines'], environment: Readonly<Record<string, string | undefined>>) {
    this.name = name;
    this.facts = machineFacts(engines);
    this.capacity = machineCapacity(engines);
    this.environment = environment;
  }

  hold(need: Need, signal: AbortSignal, onWait: () => void): Promise<Hold | undefined> {
    return holdMachine(need, this.environment, signal, onWait);
  }

  async execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    // Loaded with the first node that runs: a run that only reuses starts faster without it.
    const { runJob } = await import('../job/run-job.ts');
    return runJob(job, emit, stop);
  }

  /** A child dies with its coordinator; what got away from that is killed. */
  async recover({ attempt }: JobSpecification): Promise<undefined> {
    while (killSurvivors(attempt) > 0) await sleep(20);
  }
}
