import type { Instance } from '../model/pipeline.ts';

/** What may be used at once. */
export interface Capacity {
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** Counts what running nodes take. A node that measures the machine, or is larger than it, runs alone. */
export class Slots {
  private readonly capacity: Capacity;
  private readonly taken = { cpu: 0, gpu: 0, memory: 0 };
  private running = 0;
  private alone = false;

  constructor(capacity: Capacity) {
    this.capacity = capacity;
  }

  /** Whether a node asks for more than there is, and so runs only when nothing else does. */
  isTooLarge({ resources }: Instance): boolean {
    return resources.cpu > this.capacity.cpu || resources.gpu > this.capacity.gpu || resources.memory > this.capacity.memory;
  }

  /** Takes a node's slots if they are free. */
  take(instance: Instance): boolean {
    const { resources } = instance;
    const isAlone = instance.measures || this.isTooLarge(instance);
    const fits =
      this.taken.cpu + resources.cpu <= this.capacity.cpu &&
      this.taken.gpu + resources.gpu <= this.capacity.gpu &&
      this.taken.memory + resources.memory <= this.capacity.memory;
    if (this.alone || (isAlone ? this.running > 0 : !fits)) return false;
    this.change(instance, 1);
    this.alone = isAlone;
    return true;
  }

  release(instance: Instance): void {
    this.change(instance, -1);
    this.alone = false;
  }

  private change({ resources }: Instance, sign: 1 | -1): void {
    this.taken.cpu += sign * resources.cpu;
    this.taken.gpu += sign * resources.gpu;
    this.taken.memory += sign * resources.memory;
    this.running += sign;
  }
}
