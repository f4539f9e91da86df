import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Capacity,
  Executor,
  ExecutorFacts,
  ExecutorOpening,
  Hold,
  Job,
  JobEvent,
  Need,
  OpenExecutor,
  Stop,
} from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import { done } from '../../model/problem.ts';
import { devicesOf } from '../job/devices.ts';
import { holdMachine, type Machine, machineCapacity, machineFacts } from '../job/machine.ts';
import { killSurvivors } from '../job/survivors.ts';

/** Executes nodes as children of this process. */
class ProcessExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly capacity: Capacity;
  private readonly machine: Machine;

  constructor({ name, settings, engines, environment }: ExecutorOpening) {
    this.name = name;
    this.facts = machineFacts(engines);
    this.machine = { environment, devices: devicesOf(environment) };
    this.capacity = machineCapacity(this.machine.devices, settings);
  }

  hold(need: Need, signal: AbortSignal, onWait: () => void): Promise<Hold | undefined> {
    return holdMachine(this.machine, need, { signal, onWait });
  }

  async execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord> {
    // Loaded with the first node that runs: a run that only reuses starts faster without it.
    const { executeJob } = await import('../job/execute.ts');
    return executeJob({ ...job, lock: job.lock.descriptor }, emit, stop);
  }

  /** A child dies with its coordinator; what got away from that is killed. */
  async recover({ attempt }: JobSpecification): Promise<undefined> {
    while (killSurvivors(attempt) > 0) await sleep(20);
  }
}

/** Opens the executor that is there without being declared. */
export const open: OpenExecutor = async (opening) => done(new ProcessExecutor(opening));
