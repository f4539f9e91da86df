import type { Capacity, Executor, ExecutorFacts, ExecutorOpening, Hold, Job, JobEvent, Need, Stop } from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import type { Asker } from '../../model/waiting.ts';
import { amount } from '../../text/amounts.ts';
import { devicesOf } from './devices.ts';
import { endSurvivors } from './survivors.ts';
import { holdMachine, type Machine, machineCapacity, machineFacts, machinePatience } from './machine.ts';

/** What executors of this machine share: its facts, its capacity, how a node holds it, and what it has to end. */
export abstract class MachineExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly capacity: Capacity;
  readonly isAttached?: boolean;
  protected readonly machine: Machine;
  /** Milliseconds that a node has to end when it is asked to; undefined: as usual. */
  protected readonly grace: number | undefined;

  constructor({ name, settings, engines, environment }: ExecutorOpening) {
    this.name = name;
    this.facts = machineFacts(engines);
    this.machine = { environment, devices: devicesOf(environment), patience: machinePatience(settings) };
    this.capacity = machineCapacity(this.machine.devices, settings);
    const grace = settings['grace'];
    this.grace = typeof grace === 'string' ? amount(grace) * 1000 : undefined;
  }

  hold(need: Need, asker: Asker): Promise<Hold | undefined> {
    return holdMachine(this.machine, { ...need, isInherited: this.isAttached !== true }, asker);
  }

  async endLeft(attempt: string): Promise<void> {
    await endSurvivors(attempt);
  }

  abstract execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord>;
  abstract recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined>;
}
