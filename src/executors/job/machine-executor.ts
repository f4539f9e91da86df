import type { Capacity, Executor, ExecutorFacts, ExecutorOpening, Hold, Job, JobEvent, Need, Stop } from '../../model/executor.ts';
import type { ExitRecord, JobSpecification } from '../../model/job.ts';
import type { Asker } from '../../model/waiting.ts';
import { devicesOf } from './devices.ts';
import { holdMachine, type Machine, machineCapacity, machineFacts, machinePatience } from './machine.ts';

/** What executors of this machine share: its facts, its capacity, and how a node holds it. */
export abstract class MachineExecutor implements Executor {
  readonly name: string;
  readonly facts: ExecutorFacts;
  readonly capacity: Capacity;
  protected readonly machine: Machine;

  constructor({ name, settings, engines, environment }: ExecutorOpening) {
    this.name = name;
    this.facts = machineFacts(engines);
    this.machine = { environment, devices: devicesOf(environment), patience: machinePatience(settings) };
    this.capacity = machineCapacity(this.machine.devices, settings);
  }

  hold(need: Need, asker: Asker): Promise<Hold | undefined> {
    return holdMachine(this.machine, need, asker);
  }

  abstract execute(job: Job, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord>;
  abstract recover(left: JobSpecification, emit: (event: JobEvent) => void, stop: Stop): Promise<ExitRecord | undefined>;
}
